import type { JobView } from '@barback/shared/wire/job.ts';
import { monotonicMs } from '../system/clock.ts';
import { watchDirectory } from '../system/watch-directory.ts';
import { isEnded } from './state.ts';

/** A runner that dies changes no file: its absence is noticed at the latest after this. */
const lookMs = 500;

/** The job once it has ended, or has progress newer than `progressAt`, or as it is after `waitMs`. */
export async function waitForJob(
  directory: string,
  view: () => Promise<JobView>,
  until: { waitMs: number; progressAt: number | null },
  signal: AbortSignal,
): Promise<JobView> {
  const deadline = monotonicMs() + until.waitMs;
  const watching = watchDirectory(directory);
  try {
    for (;;) {
      const found = await view();
      const left = deadline - monotonicMs();
      if (isEnded(found.state) || isNewer(found, until.progressAt) || left <= 0 || signal.aborted) return found;
      await watching.next(Math.min(left, lookMs), signal);
    }
  } finally {
    watching.close();
  }
}

function isNewer(view: JobView, progressAt: number | null): boolean {
  return view.progress !== null && (progressAt === null || view.progress.at > progressAt);
}
