import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { lsnDistance, type Lsn } from '@barback/shared/postgres/lsn.ts';
import { parseSegmentName, segmentStart } from '@barback/shared/postgres/segment.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { parseRecoveryLine } from '../postgres/recovery-log.ts';
import { advance, freshRecovery, judgeRecovery, type RecoveryState } from '../postgres/recovery-state.ts';
import { monotonicMs } from '../system/clock.ts';
import { readFrom } from '../system/files.ts';
import { requirePlan } from './backup-lease.ts';
import { copyProcess, stopCopy } from './copy-process.ts';
import { askJson, copyServer } from './copy-sql.ts';
import { abortReason } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';
import { newestCommit, replayBounds } from './replay-bounds.ts';
import { requireRecovered, readRecovered, type Recovered } from './scratch-completion.ts';
import { scratchPlace, type ScratchPlace } from './scratch-place.ts';
import { requireScratch } from './scratch-record.ts';
import { livePlaces, withSpaceGuard } from './space-guard.ts';

type ReplayParams = Params<'scratch-replay'>;

const pollMs = 100;

export const scratchReplay: Handler<'scratch-replay'> = {
  async perform(host, params, call) {
    const place = await requireScratch(host, requirePlan(call));
    const recovered = await requireRecovered(place);
    const places = [...(await livePlaces(host)), { role: 'scratch', path: place.directory }];
    try {
      return await withSpaceGuard(host, places, call.signal, (signal) =>
        replay(host, place, params, recovered, { ...call, signal }),
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
    const state = await readWholeLog(place, recovered.request.segmentBytes);
    const alive = (await copyProcess(place)) !== undefined;
    const verdict = judgeRecovery(state, params.target.type !== 'latest', alive);
    if (verdict.is === 'paused' || verdict.is === 'promoted') {
      return { is: 'complete', result: await prove(host, place, params, recovered, state, verdict, call) };
    }
    return { is: 'partial', facts: { replayed: state.replayed, alive, verdict: verdict.is } };
  },
};

async function replay(
  host: Host,
  place: ScratchPlace,
  params: ReplayParams,
  recovered: Recovered,
  call: Call,
): Promise<Result<'scratch-replay'>> {
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
        return prove(host, place, params, recovered, state, verdict, call);
      case 'target-not-reached':
        throw await notReached(host, place, params, recovered, call);
      case 'failed':
        throw new ProblemError('recovery-failed', `recovery of the copy failed: ${verdict.reason}`, {
          next: 'the copy is discarded; production was not touched',
          facts: { replayed: state.replayed, fatal: [...state.fatal] },
        });
      case 'going':
        await sleep(pollMs);
    }
  }
}

/** Follows the server's log, line by line, from its beginning. */
class LogFollower {
  readonly #file: string;
  readonly #segmentBytes: number;
  #offset = 0;
  #rest = '';
  #state = freshRecovery;

  constructor(file: string, segmentBytes: number) {
    this.#file = file;
    this.#segmentBytes = segmentBytes;
  }

  async read(): Promise<RecoveryState> {
    for (;;) {
      const part = await readFrom(this.#file, this.#offset, 1024 * 1024);
      if (part.text === '') return this.#state;
      this.#offset = part.nextOffset;
      const lines = (this.#rest + part.text).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = parseRecoveryLine(line);
        if (event) this.#state = advance(this.#state, event, this.#segmentBytes);
      }
    }
  }
}

async function readWholeLog(place: ScratchPlace, segmentBytes: number): Promise<RecoveryState> {
  return new LogFollower(place.log, segmentBytes).read();
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

const positionSchema = z.strictObject({
  inRecovery: z.boolean(),
  pauseState: z.string().nullable(),
  replayLsn: z.string().nullable(),
  timeline: z.int(),
});

const pausedSql = `SELECT json_build_object('inRecovery', pg_is_in_recovery(), 'pauseState',
  CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() END, 'replayLsn', pg_last_wal_replay_lsn(),
  'timeline', CASE WHEN pg_is_in_recovery() THEN (SELECT min_recovery_end_timeline FROM pg_control_recovery())
    ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END);`;

const confirmMs = 120_000;

/** The log's word is confirmed by the server itself: in recovery and paused, or out of recovery (T3). */
async function confirm(host: Host, place: ScratchPlace, paused: boolean, call: Call) {
  const deadline = monotonicMs() + confirmMs;
  let last = '';
  while (monotonicMs() < deadline) {
    const position = await askJson(copyServer(host, place), pausedSql, positionSchema, call.signal).catch((error) => {
      if (call.signal.aborted) throw error;
      last = error instanceof Error ? error.message : String(error);
      return undefined;
    });
    if (position && (paused ? position.pauseState === 'paused' : !position.inRecovery)) return position;
    if (position) last = JSON.stringify(position);
    await sleep(pollMs);
  }
  throw new ProblemError(
    'recovery-failed',
    `the copy's log says it ${paused ? 'paused' : 'opened'}, the server does not: ${last}`,
  );
}

async function prove(
  host: Host,
  place: ScratchPlace,
  params: ReplayParams,
  recovered: Recovered,
  state: RecoveryState,
  verdict: { is: 'paused'; evidence: string; stopXid: number | null } | { is: 'promoted'; evidence: string },
  call: Call,
): Promise<Result<'scratch-replay'>> {
  const position = await confirm(host, place, verdict.is === 'paused', call);
  const replayLsn = position.replayLsn ?? state.redoDone ?? state.replayed ?? '0/0';
  const stop = verdict.is === 'paused' ? replayLsn : afterRecord(state.redoDone ?? replayLsn);
  const bounds = await replayBounds(host, place, recovered, stop, call.signal);
  refuseSkipped(params, recovered, verdict.is, bounds, stop);
  const timeline = verdict.is === 'paused' ? params.timeline : position.timeline;
  return {
    outcome: verdict.is,
    evidence: verdict.evidence,
    replayLsn,
    timeline,
    ...bounds,
    replayedBytes: Math.max(0, lsnDistance(state.redoStart ?? replayLsn, replayLsn)),
  };
}

/** `redo done at` names where the last replayed record begins: that record belongs to the copy. */
function afterRecord(lsn: Lsn): Lsn {
  const [high = '0', low = '0'] = lsn.split('/');
  return `${high}/${(Number.parseInt(low, 16) + 1).toString(16).toUpperCase()}`;
}

/** Damaged WAL looks like its end to PostgreSQL: "latest" is only true when no commit lies behind the stop. */
function refuseSkipped(
  params: ReplayParams,
  recovered: Recovered,
  outcome: 'paused' | 'promoted',
  bounds: Pick<Result<'scratch-replay'>, 'firstSkipped'>,
  stop: Lsn,
): void {
  if (outcome !== 'promoted' || params.target.type !== 'latest' || bounds.firstSkipped === null) return;
  throw new ProblemError(
    'recovery-failed',
    `replay ended at ${stop}, although transaction ${bounds.firstSkipped.xid} at ${bounds.firstSkipped.lsn} lies behind it`,
    {
      next: 'a WAL segment of the archive is damaged: look at the log of the copy and choose a target before it',
      facts: { stop, firstSkipped: bounds.firstSkipped, last: recovered.result.wal.last },
    },
  );
}

async function notReached(
  host: Host,
  place: ScratchPlace,
  params: ReplayParams,
  recovered: Recovered,
  call: Call,
): Promise<ProblemError> {
  const newest = await newestCommit(host, place, recovered, call.signal);
  const wanted = params.target.type === 'time' ? formatInstant(params.target.micros) : params.target.type;
  const available = newest
    ? `the newest commit that Barman holds is transaction ${newest.xid} at ${formatInstant(newest.time)}`
    : 'Barman holds no commit behind the backup';
  const hole = recovered.gap === null ? '' : `; the WAL segment ${recovered.gap} is missing`;
  return new ProblemError('target-not-reached', `the target ${wanted} was not reached: ${available}${hole}`, {
    next: 'choose a target at or before that commit, or "latest"',
    facts: {
      newestCommit: newest && { xid: newest.xid, lsn: newest.lsn, time: formatInstant(newest.time) },
      missingSegment: recovered.gap,
    },
  });
}
