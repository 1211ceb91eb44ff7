import { compareLsn, type Lsn } from '@barback/shared/postgres/lsn.ts';
import { parseSegmentName, segmentStart } from '@barback/shared/postgres/segment.ts';
import type { RecoveryEvent } from './recovery-log.ts';

/** Everything that the log of one start has said so far. */
export interface RecoveryState {
  readonly redoStart: Lsn | null;
  /** At least this far: from progress lines and from the segments that were fetched. */
  readonly replayed: Lsn | null;
  readonly readOnly: boolean;
  readonly stopping: { readonly line: string; readonly xid: number | null; readonly lsn: Lsn | null } | null;
  readonly pausing: boolean;
  readonly pausedForParameters: boolean;
  /** Which setting is too low, as PostgreSQL says it. */
  readonly tooLow: string | null;
  readonly targetNotReached: boolean;
  readonly redoDone: Lsn | null;
  readonly newTimeline: number | null;
  readonly complete: string | null;
  readonly ready: boolean;
  readonly fatal: readonly string[];
}

export const freshRecovery: RecoveryState = {
  redoStart: null,
  replayed: null,
  readOnly: false,
  stopping: null,
  pausing: false,
  pausedForParameters: false,
  tooLow: null,
  targetNotReached: false,
  redoDone: null,
  newTimeline: null,
  complete: null,
  ready: false,
  fatal: [],
};

export function advance(state: RecoveryState, event: RecoveryEvent, segmentBytes: number): RecoveryState {
  switch (event.is) {
    case 'redo-started':
      return { ...state, redoStart: event.lsn, replayed: furthest(state.replayed, event.lsn) };
    case 'restored': {
      const segment = parseSegmentName(event.file, segmentBytes);
      if (!segment || !state.redoStart) return state;
      return { ...state, replayed: furthest(state.replayed, segmentStart(segment, segmentBytes)) };
    }
    case 'replayed':
    case 'consistent':
      return { ...state, replayed: furthest(state.replayed, event.lsn) };
    case 'read-only':
      return { ...state, readOnly: true };
    case 'stopping':
      return { ...state, stopping: { line: event.line, xid: event.xid, lsn: event.lsn } };
    case 'pausing-at-target':
      return { ...state, pausing: true };
    case 'paused-for-parameters':
      return { ...state, pausedForParameters: true };
    case 'parameter-too-low':
      return { ...state, tooLow: event.message };
    case 'target-not-reached':
      return { ...state, targetNotReached: true };
    case 'redo-done':
      return { ...state, redoDone: event.lsn, replayed: furthest(state.replayed, event.lsn) };
    case 'new-timeline':
      return { ...state, newTimeline: event.timeline };
    case 'recovery-complete':
      return { ...state, complete: event.line };
    case 'ready':
      return { ...state, ready: true };
    case 'fatal':
      return { ...state, fatal: [...state.fatal, `${event.severity}: ${event.message}`].slice(-5) };
  }
}

export type RecoveryVerdict =
  | { readonly is: 'going' }
  | { readonly is: 'paused'; readonly evidence: string; readonly stopLsn: Lsn | null }
  | { readonly is: 'promoted'; readonly evidence: string }
  | { readonly is: 'target-not-reached' }
  | { readonly is: 'failed'; readonly reason: string };

/**
 * What the log proves. "Paused" is only `pausing at the end of recovery` after a line that says where it stopped; a pause for
 * parameters and a promotion in place of a pause (hot standby was not open yet) are failures of their own (T3).
 */
export function judgeRecovery(state: RecoveryState, hasTarget: boolean, alive: boolean): RecoveryVerdict {
  if (state.targetNotReached) return { is: 'target-not-reached' };
  if (hasTarget && state.stopping && state.pausing && !state.complete) {
    return alive
      ? { is: 'paused', evidence: state.stopping.line, stopLsn: state.stopping.lsn }
      : { is: 'failed', reason: lastWords(state, 'the copy paused at its target and then ended') };
  }
  if (state.pausedForParameters) {
    const which = state.tooLow ?? 'a max_* setting of the copy is lower than on the primary';
    return { is: 'failed', reason: `recovery paused before its target: ${which}` };
  }
  if (state.complete && hasTarget) {
    return { is: 'failed', reason: 'the copy promoted itself instead of pausing at its target' };
  }
  if (!alive) return { is: 'failed', reason: lastWords(state, 'the copy ended during recovery') };
  if (state.complete && state.ready) return { is: 'promoted', evidence: state.complete };
  return { is: 'going' };
}

function lastWords(state: RecoveryState, otherwise: string): string {
  return state.fatal.length > 0 ? state.fatal.join('; ') : `${otherwise} without a FATAL message`;
}

function furthest(one: Lsn | null, other: Lsn): Lsn {
  return one !== null && compareLsn(one, other) > 0 ? one : other;
}
