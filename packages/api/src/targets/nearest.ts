import { lsnFromNumber, lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { instantOf } from '@barback/shared/postgres/target.ts';
import type { Interval } from '../window/intervals.ts';
import type { PlacedTarget } from './find-candidates.ts';
import type { Nearest } from './resolution.ts';

/**
 * The instants nearest to a target that cannot be had, on both sides of it, with the target to write for each. `position` is
 * where the target was found, if it was.
 */
export function nearestTo(
  intervals: readonly Interval[],
  target: PlacedTarget,
  position: number | null,
): { readonly before: Nearest | null; readonly after: Nearest | null } {
  if (target.type === 'time') return byTime(intervals, instantOf(target.time));
  if (target.type === 'lsn') return byPosition(intervals, lsnToNumber(target.lsn));
  return position === null ? { before: null, after: null } : byPosition(intervals, position);
}

function byTime(intervals: readonly Interval[], time: number) {
  const ends = intervals.filter((one) => one.lastCommit !== null && one.lastCommit.time <= time);
  const begins = intervals.filter((one) => one.fromTime !== null && one.fromTime > time);
  const before = ends.toSorted((a, b) => (b.lastCommit?.time ?? 0) - (a.lastCommit?.time ?? 0))[0];
  const after = begins.toSorted((a, b) => (a.fromTime ?? 0) - (b.fromTime ?? 0))[0];
  return { before: before ? endOf(before) : null, after: after ? beginOf(after) : null };
}

function byPosition(intervals: readonly Interval[], position: number) {
  const before = intervals
    .filter((one) => one.to <= position && (one.lastCommit !== null || one.fromTime !== null))
    .toSorted((a, b) => b.to - a.to)[0];
  const after = intervals
    .filter((one) => one.from >= position && one.fromTime !== null)
    .toSorted((a, b) => a.from - b.from)[0];
  return { before: before ? endOf(before) : null, after: after ? beginOf(after) : null };
}

/** With its last commit; without one, all of it is the state at its begin. */
function endOf(interval: Interval): Nearest {
  const { timeline, lastCommit } = interval;
  if (!lastCommit) return beginOf(interval);
  const { xid, lsn, time } = lastCommit;
  return { time, lsn, target: { type: 'xid', xid, inclusive: true, timeline }, backup: null };
}

/** The end of its oldest backup. */
function beginOf({ from, fromTime, backups }: Interval): Nearest {
  return { time: fromTime, lsn: lsnFromNumber(from), target: { type: 'immediate' }, backup: backups.at(-1) ?? null };
}
