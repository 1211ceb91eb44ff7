import type { Range } from '../wal-index/ranges.ts';
import { rangeWith } from '../wal-index/ranges.ts';
import type { WalHole, WalState } from '../wal-index/wal-state.ts';
import { ownerOf, type TimelinePath } from './timeline-tree.ts';

/** Why WAL cannot be followed further along a path. */
export type Break =
  /** Nothing later exists: the end of what Barman holds. */
  | { readonly is: 'end'; readonly number: number }
  /** Segments are missing although later ones are there. */
  | { readonly is: 'missing'; readonly timeline: number; readonly number: number; readonly last: number }
  | { readonly is: 'unreadable'; readonly timeline: number; readonly number: number; readonly hole: WalHole }
  /** Not in the index yet. */
  | { readonly is: 'unread'; readonly timeline: number; readonly number: number };

/** How far WAL can be followed along a path. */
export interface Reach {
  /** Begin of the last record that can be had; null when not even one. */
  readonly position: number | null;
  readonly breaks: Break;
}

type Facts = Pick<WalState, 'complete' | 'partial' | 'read' | 'holes' | 'ends' | 'segmentBytes'>;

/** Follows WAL from a segment along a path to the first break. */
export function reachFrom(state: Facts, path: TimelinePath, from: number): Reach {
  const breaks = firstBreak(state, path, from);
  return { breaks, position: lastPosition(state, path, from, breaks) };
}

function firstBreak(state: Facts, path: TimelinePath, from: number): Break {
  let number = from;
  for (;;) {
    const timeline = ownerOf(path, number);
    const hole = state.holes.find((one) => one.timeline === timeline && one.number === number);
    if (hole) return { is: 'unreadable', timeline, number, hole };
    const read = rangeWith(state.read, timeline, number);
    if (read) {
      number = nextToCheck(state, path, timeline, { number, last: read.last });
      continue;
    }
    if (rangeWith(state.complete, timeline, number)) return { is: 'unread', timeline, number };
    // A partial file is where WAL ends, unless something follows it.
    if (rangeWith(state.partial, timeline, number)) {
      const later = nextHeld(state, path, number);
      if (later === null) return { is: 'end', number: number + 1 };
      return { is: 'missing', timeline, number, last: later - 1 };
    }
    const later = nextHeld(state, path, number);
    return later === null ? { is: 'end', number } : { is: 'missing', timeline, number, last: later - 1 };
  }
}

/** Behind the end of a range that was read, or at the first hole in it, or where another timeline's files begin. */
function nextToCheck(
  { holes }: Facts,
  path: TimelinePath,
  timeline: number,
  range: { readonly number: number; readonly last: number },
): number {
  const stretch = path.stretches.find((one) => one.timeline === timeline);
  const last = Math.min(range.last, stretch?.last ?? range.last);
  const hole = holes
    .filter((one) => one.timeline === timeline && one.number > range.number && one.number <= last)
    .reduce((first, one) => Math.min(first, one.number), Number.POSITIVE_INFINITY);
  return Math.min(hole, last + 1);
}

/** The number of the next segment on the path that Barman holds behind this one; null when there is none. */
function nextHeld({ complete, partial }: Facts, path: TimelinePath, number: number): number | null {
  const firsts = path.stretches.flatMap((stretch) =>
    [...complete, ...partial].flatMap((range) => firstOnStretch(range, stretch, number + 1)),
  );
  return firsts.length === 0 ? null : Math.min(...firsts);
}

function firstOnStretch(range: Range, stretch: TimelinePath['stretches'][number], from: number): number[] {
  if (range.timeline !== stretch.timeline) return [];
  const first = Math.max(range.first, stretch.first, from);
  return first <= range.last && (stretch.last === null || first <= stretch.last) ? [first] : [];
}

/** What can be read of the segment in which WAL ends counts; else the end of the one before it. */
function lastPosition(state: Facts, path: TimelinePath, from: number, breaks: Break): number | null {
  if (breaks.is === 'unreadable' && breaks.hole.readableTo !== null) return breaks.hole.readableTo;
  const endOf = (timeline: number, number: number) =>
    state.ends.find((one) => one.timeline === timeline && one.number === number);
  const open = mayBeOpen(state, breaks) ? endOf(breaks.timeline, breaks.number) : undefined;
  if (open) return open.position;
  const last = breaks.number - 1;
  if (last < from) return null;
  const end = endOf(ownerOf(path, last), last);
  // In a segment that was read to its end, the last record begins somewhere before it.
  return end?.position ?? (last + 1) * state.segmentBytes - 1;
}

/**
 * Whether a part of the segment at the break is known: of an unfinished file that WAL went on behind, and of one that is complete
 * meanwhile and not read as such. Either counts only while its end is known: how full it is does not show.
 */
function mayBeOpen({ partial }: Facts, breaks: Break): breaks is Extract<Break, { is: 'missing' | 'unread' }> {
  if (breaks.is === 'unread') return true;
  return breaks.is === 'missing' && rangeWith(partial, breaks.timeline, breaks.number) !== undefined;
}
