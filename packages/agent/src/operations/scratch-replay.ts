import type { Result } from '@barback/shared/operations/index.ts';
import { lsnDistance, type Lsn } from '@barback/shared/postgres/lsn.ts';
import { parseSegmentName, segmentStart } from '@barback/shared/postgres/segment.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { judgeRecovery, type RecoveryState } from '../postgres/recovery-state.ts';
import { watchDirectory, type DirectoryWatch } from '../system/watch-directory.ts';
import { requirePlan } from './backup-lease.ts';
import { copyProcess, stopCopy } from './copy-process.ts';
import { abortReason } from './execute.ts';
import { LogFollower } from './follow-log.ts';
import type { Call, Handler } from './handler.ts';
import { proveStop, targetNotReached } from './replay-proof.ts';
import type { ReplayWork } from './replay-work.ts';
import { readRecovered, requireRecovered, type Recovered } from './scratch-completion.ts';
import { scratchPlace } from './scratch-place.ts';
import { requireRecord, requireScratch } from './scratch-record.ts';
import { copyPlaces, livePlaces, withSpaceGuard } from './space-guard.ts';

/** A process that ends without a word is noticed after this. */
const pollMs = 100;

export const scratchReplay: Handler<'scratch-replay'> = {
  async perform(host, params, call) {
    const place = await requireScratch(host, requirePlan(call));
    const recovered = await requireRecovered(place);
    const places = [...(await livePlaces(host)), ...copyPlaces(await requireRecord(place))];
    try {
      return await withSpaceGuard(host, places, call.signal, (signal) =>
        replay({ host, place, params, recovered, call: { ...call, signal } }),
      );
    } catch (error) {
      // A copy that goes on replaying would go on filling the disk.
      if (error instanceof ProblemError && error.problem.type.endsWith(':insufficient-space')) await stopCopy(place);
      throw error;
    }
  },

  async observe(host, params, call) {
    const place = scratchPlace(host, requirePlan(call));
    const recovered = await readRecovered(place);
    if (!recovered) return { is: 'absent' };
    const state = await new LogFollower(place.log, recovered.request.segmentBytes).read();
    const alive = (await copyProcess(place)) !== undefined;
    const verdict = judgeRecovery(state, params.target.type !== 'latest', alive);
    if (verdict.is === 'paused' || verdict.is === 'promoted') {
      const work = { host, place, params, recovered, call };
      return { is: 'complete', result: await proveStop(work, state, verdict) };
    }
    return { is: 'partial', facts: { replayed: state.replayed, alive, verdict: verdict.is } };
  },
};

async function replay(work: ReplayWork): Promise<Result<'scratch-replay'>> {
  // The log lies in the directory of the records.
  const changes = watchDirectory(work.place.records);
  try {
    return await follow(work, changes);
  } finally {
    changes.close();
  }
}

async function follow(work: ReplayWork, changes: DirectoryWatch): Promise<Result<'scratch-replay'>> {
  const { place, params, recovered, call } = work;
  const log = new LogFollower(place.log, recovered.request.segmentBytes);
  const hasTarget = params.target.type !== 'latest';
  for (;;) {
    if (call.signal.aborted) throw abortReason(call.signal);
    // Asked before the log is read: what a process wrote before it ended is then read for certain.
    const alive = (await copyProcess(place)) !== undefined;
    const state = await log.read();
    report(state, recovered, call);
    const verdict = judgeRecovery(state, hasTarget, alive);
    switch (verdict.is) {
      case 'paused':
      case 'promoted':
        return proveStop(work, state, verdict);
      case 'target-not-reached':
        throw await targetNotReached(work);
      case 'failed':
        throw new ProblemError('recovery-failed', `recovery of the copy failed: ${verdict.reason}`, {
          next: 'the copy is discarded; production was not touched',
          facts: { replayed: state.replayed, fatal: [...state.fatal] },
        });
      case 'going':
        await changes.next(pollMs, call.signal);
    }
  }
}

/** Bytes of WAL replayed, of those from the start of redo to the end of what was staged. */
function report(state: RecoveryState, recovered: Recovered, call: Call): void {
  if (!state.redoStart) return;
  const total = lsnDistance(state.redoStart, stagedEnd(recovered));
  const done = lsnDistance(state.redoStart, state.replayed ?? state.redoStart);
  call.progress('replay', Math.max(0, Math.min(done, total)), Math.max(0, total));
}

function stagedEnd(recovered: Recovered): Lsn {
  const { segmentBytes } = recovered.request;
  const last = parseSegmentName(recovered.result.wal.last ?? recovered.begin, segmentBytes);
  if (!last) throw new Error(`cannot read the segment name ${recovered.result.wal.last}`);
  return segmentStart({ timeline: last.timeline, number: last.number + 1n }, segmentBytes);
}
