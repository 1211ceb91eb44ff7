import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Result } from '@barback/shared/operations/index.ts';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { lsnDistance, type Lsn } from '@barback/shared/postgres/lsn.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { differencesFromPlan, type Stop } from '../postgres/judge-stop.ts';
import type { RecoveryState, RecoveryVerdict } from '../postgres/recovery-state.ts';
import { monotonicMs } from '../system/clock.ts';
import { askJson, copyServer } from './copy-sql.ts';
import { newestCommit, replayBounds } from './replay-bounds.ts';
import type { ReplayWork } from './replay-work.ts';

const pollMs = 50;

const positionSchema = z.strictObject({
  inRecovery: z.boolean(),
  pauseState: z.string().nullable(),
  replayLsn: z.string().nullable(),
  timeline: z.int(),
  lastEndTime: z.int().nullable(),
});

const pausedSql = `SELECT json_build_object('inRecovery', pg_is_in_recovery(), 'pauseState',
  CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() END, 'replayLsn', pg_last_wal_replay_lsn(),
  'lastEndTime', (extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000)::int8,
  'timeline', CASE WHEN pg_is_in_recovery() THEN (SELECT min_recovery_end_timeline FROM pg_control_recovery())
    ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END);`;

const confirmMs = 120_000;

/** The log's word is confirmed by the server itself: in recovery and paused, or out of recovery (T3). */
async function confirm({ host, place, call }: ReplayWork, paused: boolean) {
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

/** The result of a recovery that has stopped: its position by the server's word, its bounds by the WAL. */
export async function proveStop(
  work: ReplayWork,
  state: RecoveryState,
  verdict: Extract<RecoveryVerdict, { is: 'paused' | 'promoted' }>,
): Promise<Result<'scratch-replay'>> {
  const position = await confirm(work, verdict.is === 'paused');
  const replayLsn = position.replayLsn ?? state.redoDone ?? state.replayed ?? '0/0';
  const stop = verdict.is === 'paused' ? replayLsn : afterRecord(state.redoDone ?? replayLsn);
  const bounds = await replayBounds(work, stop);
  if (verdict.is === 'promoted') refuseSkipped(work, bounds.firstSkipped, stop);
  else refuseOtherStop(work, { ...bounds, record: verdict.stopLsn, lastEndTime: position.lastEndTime });
  const timeline = verdict.is === 'paused' ? work.params.timeline : position.timeline;
  return {
    outcome: verdict.is,
    evidence: verdict.evidence,
    replayLsn,
    timeline,
    ...bounds,
    replayedBytes: Math.max(0, lsnDistance(state.redoStart ?? replayLsn, replayLsn)),
  };
}

/** Paused at another place than the plan shows is worse than not paused at all: people have approved the plan. */
function refuseOtherStop({ params }: ReplayWork, stop: Stop): void {
  const differences = params.expect === null ? [] : differencesFromPlan(params.expect, stop);
  if (differences.length === 0) return;
  throw new ProblemError(
    'stopped-elsewhere',
    `recovery stopped at another place than planned: ${differences.join('; ')}`,
    {
      next: 'make a new plan and compare; if it stays, keep the log of the copy and report it',
      facts: { differences, expected: params.expect, found: { ...stop } },
    },
  );
}

/** `redo done at` names where the last replayed record begins: that record belongs to the copy. */
function afterRecord(lsn: Lsn): Lsn {
  const [high = '0', low = '0'] = lsn.split('/');
  return `${high}/${(Number.parseInt(low, 16) + 1).toString(16).toUpperCase()}`;
}

/** Damaged WAL looks like its end to PostgreSQL: "latest" is only true when no commit lies behind the stop. */
function refuseSkipped(work: ReplayWork, skipped: Result<'scratch-replay'>['firstSkipped'], stop: Lsn): void {
  if (work.params.target.type !== 'latest' || skipped === null) return;
  throw new ProblemError(
    'recovery-failed',
    `replay ended at ${stop}, although transaction ${skipped.xid} at ${skipped.lsn} lies behind it`,
    {
      next: 'a WAL segment of the archive is damaged: look at the log of the copy and choose a target before it',
      facts: { stop, firstSkipped: skipped, last: work.recovered.result.wal.last },
    },
  );
}

/** The problem of a target that lies behind the end of the WAL, with the nearest one that can be had. */
export async function targetNotReached(work: ReplayWork): Promise<ProblemError> {
  const { params, recovered } = work;
  const newest = await newestCommit(work);
  const wanted = params.target.type === 'lsn' ? params.target.lsn : params.target.type;
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
