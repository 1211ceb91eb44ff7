import { hourMs } from '@barback/shared/operations/contract.ts';
import { namesOf } from '../config.ts';
import { pruneJobs } from '../jobs/prune.ts';
import { hostOf } from '../registry.ts';
import { nowMicros } from '../system/clock.ts';
import { readFence } from './fence.ts';
import { busyJob } from './job-views.ts';
import type { Parts } from './parts.ts';

/** Clears what ended jobs and dead runs have left, now and every hour. */
export function startSweeping(parts: Parts): void {
  const sweep = () => void sweepOnce(parts);
  sweep();
  setInterval(sweep, hourMs).unref();
}

async function sweepOnce(parts: Parts): Promise<void> {
  await pruneJobs(parts.jobs, nowMicros()).catch(report('prune ended jobs'));
  for (const serverName of namesOf(parts.config)) {
    await sweepServer(parts, serverName).catch(report(`sweep the scratch directories of ${serverName}`));
  }
}

async function sweepServer(parts: Parts, serverName: string): Promise<void> {
  if (!parts.registry.sweepScratches || (await busyJob(parts, serverName)) !== undefined) return;
  // Only the plan that holds the server can start jobs, and its scratch directory is not touched.
  const { plan } = await readFence(parts.config.stateDirectory, serverName);
  await parts.registry.sweepScratches(hostOf(parts.config, serverName), plan, nowMicros());
}

function report(doing: string): (error: unknown) => void {
  return (error) => {
    process.stderr.write(`cannot ${doing}: ${error instanceof Error ? error.message : String(error)}\n`);
  };
}
