import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { assignmentFile } from '../runner/await-job.ts';
import { ensureDirectory, kindOf, makeDirectory, removeTree } from '../system/directory-tree.ts';
import { createExclusive, linkFile } from '../system/files.ts';
import { removeFile } from '../system/look-at-file.ts';
import { isAlive, processIdentity, type ProcessIdentity } from '../system/process-table.ts';
import { startProgram } from '../system/run-program.ts';
import { jobFileNames } from './files.ts';
import type { RunnerCommand } from './runner-command.ts';

/** Runners that wait besides those that work; each ends by itself after a minute without a job. */
const runnersAhead = 1;

interface Runner {
  /** It is there while the runner waits for a job. */
  readonly directory: string;
  readonly output: string;
  readonly identity: ProcessIdentity;
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

  /** Starts what is missing, without being waited for; a standby that cannot be started is merely not there. */
  prepare(): void {
    if (this.#isPreparing) return;
    this.#isPreparing = true;
    void this.#startMissing()
      .catch(() => undefined)
      .finally(() => {
        this.#isPreparing = false;
      });
  }

  /** Gives the job to a waiting runner; undefined when there is none. */
  async give(opid: string, jobDirectory: string): Promise<ProcessIdentity | undefined> {
    for (const one of await this.#living()) {
      // Without the directory it works, or has just given up.
      const given = await createExclusive(path.join(one.directory, assignmentFile), opid, {}, false).catch(() => false);
      if (!given) continue;
      // The runner has the file open: what it prints from now on is in the directory of each of its jobs.
      await linkFile(one.output, path.join(jobDirectory, jobFileNames.runnerOutput)).catch(() => undefined);
      this.#runners = [...this.#runners.filter((other) => other !== one), one];
      return one.identity;
    }
    return undefined;
  }

  async #startMissing(): Promise<void> {
    while ((await this.#waiting()) < runnersAhead) {
      const one = await this.#start();
      this.#runners.push(one);
    }
  }

  async #waiting(): Promise<number> {
    const kinds = await Promise.all((await this.#living()).map((one) => kindOf(one.directory)));
    return kinds.filter((kind) => kind === 'directory').length;
  }

  /** Forgets those that have ended. */
  async #living(): Promise<Runner[]> {
    const looks = await Promise.all(this.#runners.map(async (one) => ({ one, alive: await isAlive(one.identity) })));
    const ended = looks.filter(({ alive }) => !alive).map(({ one }) => one);
    this.#runners = this.#runners.filter((one) => !ended.includes(one));
    await Promise.all(ended.map((one) => removeFile(one.output)));
    return this.#runners;
  }

  async #start(): Promise<Runner> {
    const directory = path.join(this.#root, randomBytes(8).toString('hex'));
    const output = `${directory}.log`;
    await makeDirectory(directory);
    const { argv, configFile, compileCache } = this.#command;
    const { pid } = await startProgram(
      {
        argv: [...argv, 'runner', '--standby', directory, '--config', configFile],
        user: null,
        environment: { NODE_COMPILE_CACHE: compileCache },
        timeoutMs: 0,
      },
      output,
    );
    const identity = await processIdentity(pid);
    if (!identity) throw new Error('the standby ended at once');
    return { directory, output, identity };
  }
}
