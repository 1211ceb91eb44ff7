import { indexBatchSegments } from '@barback/shared/operations/wal-index.ts';
import { pathOf, ownerOf, type TimelinePath } from '../window/timeline-tree.ts';
import { rangeWith, subtracted, type Range } from './ranges.ts';
import type { WalState } from './wal-state.ts';

/** Complete segments to read next, by number along a timeline's path. */
export interface NextRead {
  readonly timeline: number;
  readonly first: number;
  readonly last: number;
  /** Leads to the newest segment of its timeline: needed before what is happening now can be told. */
  readonly isFront: boolean;
  /** Segment behind which reading goes on; null: begin afresh. */
  readonly behind: { readonly timeline: number; readonly number: number } | null;
}

/** Segments whose last one keeps where the next goes on: reading can begin again behind each. */
export const carryEvery = 16;

export interface NextReadFacts {
  readonly state: WalState;
  /** First segments that backups need, by timeline: the likely targets lie behind the newest. */
  readonly begins: readonly { readonly timeline: number; readonly number: number }[];
  /** Whether a segment has its carry in the index. */
  readonly hasCarry: (timeline: number, number: number) => boolean;
}

/**
 * What to read next: first what leads to the newest segments, from the begin of a backup on, so that the latest days are known
 * long before an old archive is read through. Null when everything was read. Pure.
 */
export function nextRead(facts: NextReadFacts): NextRead | null {
  const { state } = facts;
  const holes = state.holes.map((one) => ({ timeline: one.timeline, first: one.number, last: one.number }));
  const unread = subtracted(state.complete, [...state.read, ...holes]).flatMap((range) => onOwnPath(range, state));
  const candidates = unread
    .map((range) => readOf(range, facts))
    .toSorted((a, b) => Number(b.isFront) - Number(a.isFront) || b.timeline - a.timeline || b.last - a.last);
  return candidates[0] ?? null;
}

interface Unread extends Range {
  readonly path: TimelinePath;
}

/** Files of a timeline before its own begin are copies of its parent's, and those of an unknown path cannot be placed. */
function onOwnPath(range: Range, state: WalState): Unread[] {
  const held = [...state.complete, ...state.partial];
  const path = pathOf({ segmentBytes: state.segmentBytes, histories: state.histories, held }, range.timeline);
  const own = path?.stretches.find((one) => one.timeline === range.timeline);
  if (!path || !own) return [];
  const first = Math.max(range.first, own.first);
  return first <= range.last ? [{ ...range, first, path }] : [];
}

function readOf(range: Unread, facts: NextReadFacts): NextRead {
  const { timeline } = range;
  const behind = placeToGoOn(range, facts);
  const first = behind === null ? beginIn(range, facts) : behind.number + 1;
  const newest = Math.max(...facts.state.complete.filter((one) => one.timeline === timeline).map((one) => one.last));
  return { timeline, first, last: lastOfBatch(first, range.last), isFront: range.last === newest, behind };
}

/** The nearest segment before the range, without a break in between, that keeps its carry. */
function placeToGoOn(
  { first, path }: Unread,
  { state, hasCarry }: NextReadFacts,
): { timeline: number; number: number } | null {
  for (let number = first - 1; number >= Math.max(0, first - 2 * carryEvery); number -= 1) {
    const timeline = ownerOf(path, number);
    if (!rangeWith(state.read, timeline, number)) return null;
    if (hasCarry(timeline, number)) return { timeline, number };
  }
  return null;
}

/** In a long stretch that nothing leads to: the begin of its newest backup. */
function beginIn(range: Unread, { begins }: NextReadFacts): number {
  if (range.last - range.first < 4 * indexBatchSegments) return range.first;
  const inside = begins
    .filter((one) => one.timeline === range.timeline && one.number > range.first && one.number <= range.last)
    .map((one) => one.number);
  return inside.length === 0 ? range.first : Math.max(...inside);
}

function lastOfBatch(first: number, last: number): number {
  const aligned = (Math.floor(first / carryEvery) + 2) * carryEvery - 1;
  return Math.min(last, aligned);
}
