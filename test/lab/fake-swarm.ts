import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'dotenv';

/** What a service runs: a command, in an environment of its own. */
export interface Workload {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Task {
  readonly containerId: string;
  readonly name: string;
  readonly child: ChildProcess;
  state: 'running' | 'exited';
  wanted: boolean;
}

const restartMs = 100;

/** What docker would do with one service: as many real processes as are wanted, each started again when it ends by itself. */
export class FakeSwarm {
  readonly appName: string;
  readonly #workload: Workload;
  readonly #compose: boolean;
  readonly #tasks: Task[] = [];
  replicas = 0;
  /** Of the specification: what is saved in a row reaches docker by a reload only. */
  #environment = '';

  constructor(appName: string, workload: Workload, compose: boolean) {
    this.appName = appName;
    this.#workload = workload;
    this.#compose = compose;
  }

  /** As `docker ps -a` lists them. */
  list(): { containerId: string; name: string; state: string; status: string }[] {
    return this.#tasks.map(({ containerId, name, state }) => ({
      containerId,
      name,
      state,
      status: state === 'running' ? 'Up 1 second' : 'Exited (0) 1 second ago',
    }));
  }

  get environment(): string {
    return this.#environment;
  }

  get pids(): readonly number[] {
    return this.#tasks.filter(({ state }) => state === 'running').map(({ child }) => child.pid ?? 0);
  }

  /** `docker service scale`: answers when as many run as are wanted. */
  async scale(replicas: number): Promise<void> {
    this.replicas = replicas;
    const live = this.#tasks.filter(({ wanted }) => wanted);
    for (const task of live.slice(replicas)) task.wanted = false;
    for (let slot = live.length; slot < replicas; slot += 1) this.#start(slot + 1);
    await this.#endUnwanted();
  }

  /** Another specification: every task anew, the new ones first. */
  async replace(replicas: number, environment: string): Promise<void> {
    this.#environment = environment;
    const old = this.#tasks.filter(({ wanted }) => wanted);
    for (let slot = 0; slot < replicas; slot += 1) this.#start(slot + 1);
    for (const task of old) task.wanted = false;
    this.replicas = replicas;
    await this.#endUnwanted();
  }

  async #endUnwanted(): Promise<void> {
    const ending = this.#tasks.filter(({ wanted, state }) => !wanted && state === 'running');
    for (const { child } of ending) child.kill('SIGTERM');
    for (const task of ending) {
      for (let waited = 0; task.state === 'running'; waited += 5) {
        if (waited > 5_000) task.child.kill('SIGKILL');
        await delay(5);
      }
    }
    // Swarm removes the containers of slots that are gone; compose keeps its own.
    if (!this.#compose) this.#forget(({ wanted }) => !wanted);
  }

  #forget(which: (task: Task) => boolean): void {
    for (const task of this.#tasks.filter(which)) this.#tasks.splice(this.#tasks.indexOf(task), 1);
  }

  #start(slot: number): void {
    const [program = '', ...args] = this.#workload.argv;
    const env = { PATH: process.env['PATH'] ?? '', ...this.#workload.env, ...parse(this.#environment) };
    const child = spawn(program, args, { env, stdio: ['pipe', 'ignore', 'inherit'] });
    child.stdin.on('error', () => undefined);
    const containerId = randomBytes(6).toString('hex');
    const name = this.#compose
      ? `${this.appName}-web-${slot}`
      : `${this.appName}.${slot}.${randomBytes(12).toString('hex')}`;
    if (this.#compose) this.#forget((task) => task.name === name);
    const task: Task = { containerId, name, child, state: 'running', wanted: true };
    this.#tasks.push(task);
    child.on('error', () => void (task.state = 'exited'));
    child.on('exit', () => {
      task.state = 'exited';
      if (!task.wanted) return;
      task.wanted = false;
      setTimeout(() => {
        if (this.#tasks.filter(({ wanted }) => wanted).length < this.replicas) this.#start(slot);
      }, restartMs).unref();
    });
  }
}
