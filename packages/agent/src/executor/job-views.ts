import type { JobView } from '@barback/shared/wire/job.ts';
import { noSuchJob } from '../jobs/directory.ts';
import { killMarked } from '../system/process-table.ts';
import type { Parts } from './parts.ts';

/** The job as it is; before `lost` is said, what its runner left running has been ended. */
export async function currentView(parts: Pick<Parts, 'jobs' | 'launcher'>, opid: string): Promise<JobView> {
  const view = await parts.jobs.view(opid);
  if (!view) throw noSuchJob(opid);
  if (view.state === 'accepted') {
    await parts.launcher.settleAccepted(opid);
    return (await parts.jobs.view(opid)) ?? view;
  }
  parts.launcher.forget(opid);
  if (view.state === 'lost') await killMarked(opid);
  return view;
}

/** An accepted or running job on a server. */
export async function busyJob(
  parts: Pick<Parts, 'jobs' | 'launcher'>,
  serverName: string,
): Promise<string | undefined> {
  // Newest first: the one that runs is among the last.
  for (const opid of (await parts.jobs.list()).toReversed()) {
    if (await parts.jobs.hasEnded(opid)) continue;
    const spec = await parts.jobs.spec(opid);
    if (spec?.serverName !== serverName) continue;
    const { state } = await currentView(parts, opid);
    if (state === 'accepted' || state === 'running') return opid;
  }
  return undefined;
}
