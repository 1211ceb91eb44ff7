import path from 'node:path';
import { problem } from '@barback/shared/wire/problem.ts';
import { KeyedMutex } from '../system/keyed-mutex.ts';
import { isAlive, processIdentity, signalProcess, type ProcessIdentity } from '../system/process-table.ts';
import { startProgram } from '../system/run-program.ts';
import type { JobDirectory } from './directory.ts';
import { jobFileNames } from './files.ts';
import type { RunnerCommand } from './runner-command.ts';
import { StandbyRunners } from './standby.ts';
import { startedRunner } from './state.ts';

/** Giving a job to a runner and telling one to stop exclude each other. */
const runners = 'runners';

/** Starts runners: processes of their own session whose output goes to a file, so that they outlive this process. */
export class Launcher {
  readonly #jobs: JobDirectory;
  readonly #command: RunnerCommand;
  readonly #launched = new Map<string, ProcessIdentity | 'starting'>();
  readonly #mutex = new KeyedMutex();
  readonly #standby: StandbyRunners;

  constructor(jobs: JobDirectory, stateDirectory: string, command: RunnerCommand) {
    this.#jobs = jobs;
    this.#command = command;
    this.#standby = new StandbyRunners(stateDirectory, command);
  }

  async open(): Promise<void> {
    await this.#standby.open();
  }

  /** Jobs will come soon. */
  prepare(): void {
    void this.#standby.prepare();
  }

  async launch(opid: string): Promise<void> {
    const directory = this.#jobs.pathOf(opid);
    this.#launched.set(opid, 'starting');
    try {
      const given = await this.#mutex.run(runners, () => this.#standby.give(opid, directory));
      const identity = given ?? (await this.#start(directory));
      if (identity) this.#launched.set(opid, identity);
      else await this.#bar(opid);
      this.prepare();
    } catch (error) {
      this.#launched.delete(opid);
      const why = error instanceof Error ? error.message : String(error);
      await this.#jobs.bar(opid, problem('job-lost', `cannot start the runner: ${why}`));
    }
  }

  async #start(directory: string): Promise<ProcessIdentity | undefined> {
    const { pid } = await startProgram(
      {
        argv: [...this.#command.argv, 'runner', directory, '--config', this.#command.configFile],
        user: null,
        environment: { NODE_COMPILE_CACHE: this.#command.compileCache },
        timeoutMs: 0,
      },
      path.join(directory, jobFileNames.runnerOutput),
    );
    return processIdentity(pid);
  }

  /** Tells the runner of a job to stop; a runner that has left a result may be at another job at once, and is not told. */
  async stop(opid: string): Promise<void> {
    await this.#mutex.run(runners, async () => {
      const runner = startedRunner(await this.#jobs.files(opid));
      if (runner) await signalProcess(runner, 'SIGTERM');
    });
  }

  /** Ends the waiting for a runner that this process started and that died before its first effect. */
  async settleAccepted(opid: string): Promise<void> {
    const identity = this.#launched.get(opid);
    if (identity === undefined || identity === 'starting' || (await isAlive(identity))) return;
    await this.#bar(opid);
  }

  /** The job has begun, so its files tell the rest. */
  forget(opid: string): void {
    this.#launched.delete(opid);
  }

  async #bar(opid: string): Promise<void> {
    this.#launched.delete(opid);
    const detail = `cannot run the job: its runner ended before it began; see ${jobFileNames.runnerOutput} in the job's directory`;
    await this.#jobs.bar(opid, problem('job-lost', detail));
  }
}
