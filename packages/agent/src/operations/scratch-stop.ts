import { requirePlan } from './backup-lease.ts';
import { readControlData } from './control-data.ts';
import { copyProcess, stopCopy } from './copy-process.ts';
import { kindOf } from '../system/directory-tree.ts';
import type { Call, Handler, Host } from './handler.ts';
import { scratchPlace, scratchUser, type ScratchPlace } from './scratch-place.ts';
import { readRecord, requireScratch } from './scratch-record.ts';

export const scratchStop: Handler<'scratch-stop'> = {
  async perform(host, _params, call) {
    const plan = requirePlan(call);
    // As an inverse it may run before anything was made.
    if (!(await readRecord(scratchPlace(host, plan)))) return { wasRunning: false, state: null };
    const place = await requireScratch(host, plan);
    const wasRunning = await stopCopy(place);
    return { wasRunning, state: await clusterState(host, place, call) };
  },

  async observe(host, _params, call) {
    const place = scratchPlace(host, requirePlan(call));
    if (!(await readRecord(place))) return { is: 'complete', result: { wasRunning: false, state: null } };
    const running = await copyProcess(place);
    if (running) return { is: 'absent' };
    return { is: 'complete', result: { wasRunning: false, state: await clusterState(host, place, call) } };
  },
};

async function clusterState(host: Host, place: ScratchPlace, call: Call): Promise<string | null> {
  if ((await kindOf(`${place.pgdata}/global/pg_control`)) !== 'file') return null;
  return (await readControlData(host, place.pgdata, scratchUser(host), call.signal)).state;
}
