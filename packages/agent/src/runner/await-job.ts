import path from 'node:path';
import { monotonicMs } from '../system/clock.ts';
import { kindOf, removeTree } from '../system/directory-tree.ts';
import { createExclusive, readIfExists } from '../system/files.ts';
import { watchDirectory } from '../system/watch-directory.ts';

/** The file in a standby's directory that gives it a job, or ends its waiting. */
export const assignmentFile = 'job';

/** A runner that nobody needs does not keep its memory longer than this. */
const patienceMs = 60_000;
const lookMs = 2_000;

export interface Standby {
  /** Its own; a runner waits as long as it is there. */
  readonly directory: string;
  readonly stateDirectory: string;
  /** The process that has started this one. */
  readonly executor: number;
}

/**
 * Waits in its own directory for a job, loaded and ready, so that a job begins without the start of a process. Undefined
 * when it is not needed: after a minute, or when the executor that started it is gone.
 */
export async function awaitJob(
  { directory, stateDirectory, executor }: Standby,
  waitMs: number = patienceMs,
): Promise<string | undefined> {
  const file = path.join(directory, assignmentFile);
  const deadline = monotonicMs() + waitMs;
  const watching = watchDirectory(directory);
  try {
    for (;;) {
      const opid = await readIfExists(file);
      if (opid !== undefined) return opid === '' ? undefined : path.join(stateDirectory, 'jobs', opid);
      if ((await kindOf(directory)) === 'absent') return undefined;
      const left = deadline - monotonicMs();
      const unneeded = left <= 0 || process.ppid !== executor;
      // Whoever creates the file decides: an executor cannot give a job to a runner that has just given up.
      if (unneeded && (await createExclusive(file, '', {}, false))) return undefined;
      await watching.next(Math.max(0, Math.min(left, lookMs)));
    }
  } finally {
    watching.close();
    // The next executor clears it if this fails.
    await removeTree(directory).catch(() => undefined);
  }
}
