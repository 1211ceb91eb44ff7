import type { Result } from '@barback/shared/operations/index.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { merged, type Range } from './ranges.ts';
import { rangeOfSegment } from './segment-range.ts';
import type { WalHole, WalState } from './wal-state.ts';

type ReadResult = Result<'wal-index'>;

/** What is known after complete segments were read: those in `segments` up to a fault are in the index. Pure. */
export function afterRead(state: WalState, result: ReadResult, now: Micros): WalState {
  const { segmentBytes } = state;
  const foreign = isForeign(state, result);
  const whole = foreign ? [] : result.segments.filter((one) => one.segment !== result.fault?.segment);
  const found = foreign ? foreignHoles(state, result, now) : faultHole(result, segmentBytes, now);
  const touched = [...whole.map((one) => rangeOfSegment(one.segment, segmentBytes)), ...found.map(rangeOfHole)];
  const isTouched = (hole: WalHole): boolean =>
    touched.some((one) => one.timeline === hole.timeline && one.first === hole.number);
  const last = whole.at(-1);
  return {
    ...state,
    systemIdentifier: state.systemIdentifier ?? result.systemIdentifier,
    read: merged([...state.read, ...whole.map((one) => rangeOfSegment(one.segment, segmentBytes))]),
    holes: [...state.holes.filter((hole) => !isTouched(hole)), ...found],
    ends: last ? withEnd(state, last.segment, result) : state.ends,
    namesStale: state.namesStale || whole.some((one) => one.schemaChanges > 0),
  };
}

/** What is known after the file in which WAL ends for now was read. Pure. */
export function afterTail(state: WalState, result: ReadResult): WalState {
  const last = result.segments.at(-1);
  if (!last || isForeign(state, result)) return state;
  return {
    ...state,
    systemIdentifier: state.systemIdentifier ?? result.systemIdentifier,
    ends: withEnd(state, last.segment, result),
    namesStale: state.namesStale || result.segments.some((one) => one.schemaChanges > 0),
  };
}

/** Whether WAL of another cluster was read. */
export function isForeign(state: WalState, result: ReadResult): boolean {
  return (
    state.systemIdentifier !== null &&
    result.systemIdentifier !== null &&
    state.systemIdentifier !== result.systemIdentifier
  );
}

/** A complete segment ends where the next one begins, whatever record may cross. */
function withEnd(
  { ends, segmentBytes }: WalState,
  segment: string,
  { carry, openAt, end }: ReadResult,
): WalState['ends'] {
  const { timeline, first: number } = rangeOfSegment(segment, segmentBytes);
  const known = ends.find((one) => one.timeline === timeline);
  if (carry === null || (known && known.number > number)) return ends;
  const next = openAt === null ? (end === 'open' ? null : (number + 1) * segmentBytes) : lsnToNumber(openAt);
  const position = lsnToNumber(carry.lsn);
  return [...ends.filter((one) => one.timeline !== timeline), { timeline, number, position, next }];
}

/** A file that vanished is told by the next listing. */
function faultHole({ fault, carry }: ReadResult, segmentBytes: number, now: Micros): WalHole[] {
  if (fault === null || fault.cause === 'missing') return [];
  const { timeline, first: number } = rangeOfSegment(fault.segment, segmentBytes);
  const readableTo = carry === null ? null : lsnToNumber(carry.lsn);
  return [{ timeline, number, cause: fault.cause, detail: fault.detail, readableTo, foundAt: now }];
}

function foreignHoles(state: WalState, result: ReadResult, now: Micros): WalHole[] {
  return result.segments.map(({ segment }) => {
    const { timeline, first: number } = rangeOfSegment(segment, state.segmentBytes);
    const detail = `${segment} was written by the cluster ${result.systemIdentifier}, the WAL around it by ${state.systemIdentifier}`;
    return { timeline, number, cause: 'foreign' as const, detail, readableTo: null, foundAt: now };
  });
}

function rangeOfHole({ timeline, number }: WalHole): Range {
  return { timeline, first: number, last: number };
}
