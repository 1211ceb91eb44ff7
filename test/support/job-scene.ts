import { patient } from '../lab/patience.ts';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { AgentClient } from './agent-client.ts';
import { AgentProcess } from './agent-process.ts';

/** An agent, and a plan that holds its server `main`, for tests that run jobs one after the other. */
export class JobScene {
  readonly agent: AgentProcess;
  readonly client: AgentClient;
  plan = '';
  fence = 0;
  traceFile = '';
  goFile = '';
  #count = 0;

  private constructor(agent: AgentProcess) {
    this.agent = agent;
    this.client = new AgentClient(agent);
  }

  static async create(): Promise<JobScene> {
    return new JobScene(await AgentProcess.create());
  }

  /** A new plan claims the server, after the jobs of the plan before have ended. */
  async begin(): Promise<void> {
    this.plan = newId(Date.now());
    this.#count += 1;
    this.traceFile = path.join(this.agent.directory, `trace-${this.#count}`);
    this.goFile = path.join(this.agent.directory, `go-${this.#count}`);
    this.fence = await eventually('the server is free', async () => {
      const { answer } = await this.#claim();
      return answer.kind === 'result' ? (answer.result as { fence: number }).fence : undefined;
    });
  }

  /** Lets the program of this plan end. */
  async go(): Promise<void> {
    await writeFile(this.goFile, '');
  }

  async close(): Promise<void> {
    this.client.close();
    await this.agent.stop();
  }

  get inPlan(): { plan: string; fence: number; step: string; attempt: number } {
    return { plan: this.plan, fence: this.fence, step: 'step', attempt: 1 };
  }

  params(more: Record<string, boolean> = {}): Record<string, string | boolean> {
    return { server: 'main', traceFile: this.traceFile, goFile: this.goFile, ...more };
  }

  /** What the programs of this plan have written, line by line. */
  async trace(): Promise<string[]> {
    return (await readFile(this.traceFile, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  }

  async traceWords(): Promise<(string | undefined)[]> {
    return (await this.trace()).map((line) => line.split(' ')[0]);
  }

  /** Starts a job and waits until its program runs. */
  async running(
    op: string,
    more: Record<string, boolean> = {},
  ): Promise<{ opid: string; program: number; runner: number }> {
    const { opid } = await this.client.job(op, this.params(more), this.inPlan);
    const program = await eventually('the program runs', async () => {
      const [first] = await this.trace();
      return first === undefined ? undefined : Number(first.split(' ')[1]);
    });
    const started = JSON.parse(await this.agent.readState(`jobs/${opid}/started.json`)) as { runner: { pid: number } };
    return { opid, program, runner: started.runner.pid };
  }

  async #claim() {
    const claim = (expect: number) => this.client.call('server-claim', { server: 'main', plan: this.plan, expect });
    const first = await claim(this.fence);
    const known = first.answer.kind === 'problem' ? first.answer.problem.facts?.['fence'] : undefined;
    return typeof known === 'number' ? claim(known) : first;
  }
}

/** What the probe finds, as soon as it finds something. */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined>, withinMs = 15_000): Promise<T> {
  const deadline = Date.now() + patient(withinMs);
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether a process has ended; a zombie has. */
export async function isGone(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat === '' || /\) Z /.test(stat);
}
