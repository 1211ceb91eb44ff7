import type { JobResult } from '../jobs/files.ts';
import { makeDirectory } from '../system/directory-tree.ts';
import { awaitJob, type Standby } from './await-job.ts';

/** A runner that has become larger does not wait again: it gives back what a job has filled. */
const largestBytes = 256 * 1024 * 1024;

/**
 * Carries out one job after the other, as long as it is given some. Behind one that did not succeed it ends: whatever a handler left
 * behind must not meet the next job.
 */
export async function serveJobs(
  standby: Standby,
  run: (jobDirectory: string) => Promise<JobResult | undefined>,
): Promise<void> {
  for (;;) {
    const job = await awaitJob(standby);
    if (job === undefined) return;
    const result = await run(job);
    if (result?.state !== 'succeeded' || process.memoryUsage.rss() > largestBytes) return;
    // Behind the result: from now on the executor may give it the next one.
    await makeDirectory(standby.directory);
  }
}
