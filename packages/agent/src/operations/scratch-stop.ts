import { requirePlan } from './backup-lease.ts';
import { readControlData } from './control-data.ts';
import { copyProcess, stopCopy } from './copy-process.ts';
import { kindOf } from '../system/directory-tree.ts';
import type { Call, Handler, Host } from './handler.ts';
import { scratchPlace, scratchUser, type ScratchPlace } from './scratch-place.ts';
import { readRecord, requireRecord, requireScratch } from './scratch-record.ts';
import { isMoved } from './seal-move.ts';

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

/** Of the copy where it lies now: sealed, it belongs to PostgreSQL's user; once it is live, it is no copy any more. */
async function clusterState(host: Host, place: ScratchPlace, call: Call): Promise<string | null> {
  const sealed = await isMoved(place, await requireRecord(place));
  const directory = sealed ? place.next : place.pgdata;
  if ((await kindOf(`${directory}/global/pg_control`)) !== 'file') return null;
  // A seal that was interrupted has not given everything away: the agent itself reads what either of the two may own.
  const user = sealed ? null : scratchUser(host);
  return (await readControlData(host, directory, user, call.signal)).state;
}
