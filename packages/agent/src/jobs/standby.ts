import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { turnFiles } from '../runner/await-job.ts';
import { ensureDirectory, kindOf, makeDirectory, removeTree } from '../system/directory-tree.ts';
import { createExclusive, linkFile } from '../system/files.ts';
import { isAlive, processIdentity, type ProcessIdentity } from '../system/process-table.ts';
import { startProgram } from '../system/run-program.ts';
import { jobFileNames } from './files.ts';
import type { RunnerCommand } from './runner-command.ts';

/** Runners that wait besides those that work; each ends by itself after a minute without a job. */
const runnersAhead = 1;

interface Runner {
  readonly directory: string;
  readonly identity: ProcessIdentity;
  /** Of the job that it is given next. */
  readonly turn: number;
}

/**
 * Runners that wait for a job while a run is under way, and wait again behind it: a step then costs no start of a process. One that
 * starts beside a short step would take a processor from it, and not be ready for the next.
 */
export class StandbyRunners {
  readonly #root: string;
  readonly #command: RunnerCommand;
  /** Who has had no job for the longest time comes first. */
  #runners: Runner[] = [];
  #isPreparing = false;

  constructor(stateDirectory: string, command: RunnerCommand) {
    this.#root = path.join(stateDirectory, 'standby');
    this.#command = command;
  }

  /** Clears what an earlier executor left; its standbys see that and end. */
  async open(): Promise<void> {
    await removeTree(this.#root);
    await ensureDirectory(this.#root);
  }

  /** Starts what is missing; nobody needs to wait for that, and a standby that cannot be started is merely not there. */
  async prepare(): Promise<void> {
    if (this.#isPreparing) return;
    this.#isPreparing = true;
    await this.#startMissing().catch(() => undefined);
    this.#isPreparing = false;
  }

  /** Gives the job to a waiting runner; undefined when there is none. Not while it gives another one. */
  async give(opid: string, jobDirectory: string): Promise<ProcessIdentity | undefined> {
    for (const one of await this.#waiting()) {
      const file = path.join(one.directory, turnFiles(one.turn).job);
      const given = await createExclusive(file, opid, {}, false).catch(() => false);
      if (!given) continue;
      // The runner has the file open: what it prints from now on is in the directory of each of its jobs.
      const output = path.join(one.directory, jobFileNames.runnerOutput);
      await linkFile(output, path.join(jobDirectory, jobFileNames.runnerOutput)).catch(() => undefined);
      const others = this.#runners.filter((other) => other !== one);
      this.#runners = [...others, { ...one, turn: one.turn + 1 }];
      return one.identity;
    }
    return undefined;
  }

  async #startMissing(): Promise<void> {
    while ((await this.#waiting()).length < runnersAhead) {
      const one = await this.#start();
      this.#runners.push(one);
    }
  }

  async #waiting(): Promise<Runner[]> {
    const looks = (await this.#living()).map(async (one) => {
      const kind = await kindOf(path.join(one.directory, turnFiles(one.turn).waiting));
      return kind === 'file' ? [one] : [];
    });
    return (await Promise.all(looks)).flat();
  }

  /** Clears up behind those that have ended. */
  async #living(): Promise<Runner[]> {
    const looks = await Promise.all(this.#runners.map(async (one) => ({ one, alive: await isAlive(one.identity) })));
    const ended = looks.filter(({ alive }) => !alive).map(({ one }) => one);
    this.#runners = this.#runners.filter((one) => !ended.includes(one));
    await Promise.all(ended.map((one) => removeTree(one.directory)));
    return this.#runners;
  }

  async #start(): Promise<Runner> {
    const directory = path.join(this.#root, randomBytes(8).toString('hex'));
    await makeDirectory(directory);
    try {
      await createExclusive(path.join(directory, turnFiles(1).waiting), '', {}, false);
      return { directory, identity: await this.#startIn(directory), turn: 1 };
    } catch (error) {
      await removeTree(directory);
      throw error;
    }
  }

  async #startIn(directory: string): Promise<ProcessIdentity> {
    const { argv, configFile, compileCache } = this.#command;
    const { pid } = await startProgram(
      {
        argv: [...argv, 'runner', '--standby', directory, '--config', configFile],
        user: null,
        environment: { NODE_COMPILE_CACHE: compileCache },
        timeoutMs: 0,
      },
      path.join(directory, jobFileNames.runnerOutput),
    );
    const identity = await processIdentity(pid);
    if (!identity) throw new Error('the standby ended at once');
    return identity;
  }
}
