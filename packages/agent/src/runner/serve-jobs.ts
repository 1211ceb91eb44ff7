import path from 'node:path';
import type { JobResult } from '../jobs/files.ts';
import { createExclusive } from '../system/files.ts';
import { awaitJob, turnFiles, type Standby } from './await-job.ts';

/** A runner that has become larger does not wait again: it gives back what a job has filled. */
const largestBytes = 256 * 1024 * 1024;

/**
 * Carries out one job after the other, as long as it is given some; its first turn has been announced for it. Behind a job that did
 * not succeed it ends: whatever a handler left behind must not meet the next one.
 */
export async function serveJobs(
  standby: Standby,
  run: (jobDirectory: string) => Promise<JobResult | undefined>,
): Promise<void> {
  for (let turn = 1; ; turn += 1) {
    const job = await awaitJob(standby, turn);
    if (job === undefined) return;
    const result = await run(job);
    if (result?.state !== 'succeeded' || process.memoryUsage.rss() > largestBytes) return;
    // Behind the result: from now on the executor may give it the next one. Another executor has cleared the directory.
    const waiting = path.join(standby.directory, turnFiles(turn + 1).waiting);
    if (!(await createExclusive(waiting, '', {}, false).catch(() => false))) return;
  }
}
