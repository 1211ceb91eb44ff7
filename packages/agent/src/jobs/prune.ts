import type { Micros } from '@barback/shared/postgres/instant.ts';
import type { JobView } from '@barback/shared/wire/job.ts';
import type { JobDirectory } from './directory.ts';
import { isEnded } from './state.ts';

/** How long the directory of an ended job is kept; its receipts live on in the api's audit log. */
const keepJobsDays = 30;

/** Whether a job's directory may go: it has ended, and long ago. */
export function isPrunable(
  view: Pick<JobView, 'state' | 'endedAt' | 'acceptedAt'>,
  now: Micros,
  keepDays: number,
): boolean {
  return isEnded(view.state) && now - (view.endedAt ?? view.acceptedAt) > keepDays * 86_400_000_000;
}

/** Removes the directories of jobs that ended more than `keepDays` ago. */
export async function pruneJobs(jobs: JobDirectory, now: Micros, keepDays = keepJobsDays): Promise<number> {
  let pruned = 0;
  for (const opid of await jobs.list()) {
    const view = await jobs.view(opid).catch(() => undefined);
    if (!view || !isPrunable(view, now, keepDays)) continue;
    await jobs.remove(opid);
    pruned += 1;
  }
  return pruned;
}
