import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { assignmentFile } from '../runner/await-job.ts';
import { ensureDirectory, makeDirectory, removeTree } from '../system/directory-tree.ts';
import { createExclusive, moveFile } from '../system/files.ts';
import { isAlive, processIdentity, type ProcessIdentity } from '../system/process-table.ts';
import { startProgram } from '../system/run-program.ts';
import { jobFileNames } from './files.ts';
import type { RunnerCommand } from './runner-command.ts';

/** Runners started ahead; each ends by itself after a minute without a job. */
const runnersAhead = 2;

interface Waiting {
  readonly directory: string;
  readonly identity: ProcessIdentity;
}

/** Runners that wait for a job while a run is under way: a step then costs no start of a process. */
export class StandbyRunners {
  readonly #root: string;
  readonly #command: RunnerCommand;
  readonly #waiting: Waiting[] = [];
  #preparing = 0;

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
    while (this.#preparing + this.#waiting.length < runnersAhead) {
      this.#preparing += 1;
      void this.#start()
        .then((one) => this.#waiting.push(one))
        .catch(() => undefined)
        .finally(() => {
          this.#preparing -= 1;
        });
    }
  }

  /** Gives the job to a waiting runner; undefined when there is none. */
  async give(opid: string, jobDirectory: string): Promise<ProcessIdentity | undefined> {
    for (let one = this.#waiting.shift(); one; one = this.#waiting.shift()) {
      if (!(await isAlive(one.identity))) continue;
      const output = path.join(one.directory, jobFileNames.runnerOutput);
      // The runner has the file open: what it prints goes on into the job's directory.
      await moveFile(output, path.join(jobDirectory, jobFileNames.runnerOutput)).catch(() => undefined);
      const given = await createExclusive(path.join(one.directory, assignmentFile), opid, {}, false).catch(() => false);
      if (given) return one.identity;
    }
    return undefined;
  }

  async #start(): Promise<Waiting> {
    const directory = path.join(this.#root, randomBytes(8).toString('hex'));
    await makeDirectory(directory);
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
    return { directory, identity };
  }
}
