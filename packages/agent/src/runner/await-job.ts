import path from 'node:path';
import { monotonicMs } from '../system/clock.ts';
import { kindOf } from '../system/directory-tree.ts';
import { createExclusive, readIfExists } from '../system/files.ts';
import { watchDirectory } from '../system/watch-directory.ts';

/**
 * Files in a standby's directory, for each of its turns: the first says that it waits, the second gives it a job or ends its waiting.
 * Whoever creates the second decides, so it never goes: the executor clears the directory when the process has ended.
 */
export const turnFiles = (turn: number) => ({ waiting: `waiting-${turn}`, job: `job-${turn}` });

/** A runner that nobody needs does not keep its memory longer than this. */
const patienceMs = 60_000;
const lookMs = 2_000;

export interface Standby {
  /** Its own; a runner waits only as long as it is there. */
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
  turn: number,
  waitMs: number = patienceMs,
): Promise<string | undefined> {
  const file = path.join(directory, turnFiles(turn).job);
  const deadline = monotonicMs() + waitMs;
  const watching = watchDirectory(directory);
  try {
    for (;;) {
      const opid = await readIfExists(file);
      if (opid !== undefined) return opid === '' ? undefined : path.join(stateDirectory, 'jobs', opid);
      if ((await kindOf(directory)) === 'absent') return undefined;
      const left = deadline - monotonicMs();
      const unneeded = left <= 0 || process.ppid !== executor;
      if (unneeded && (await createExclusive(file, '', {}, false))) return undefined;
      await watching.next(Math.max(0, Math.min(left, lookMs)));
    }
  } finally {
    watching.close();
  }
}
