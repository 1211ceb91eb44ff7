import type { Micros } from '@barback/shared/postgres/instant.ts';
import { ownBegin, type TimelinePath } from '../window/timeline-tree.ts';
import type { Candidate } from './resolution.ts';
import { ownSpan, ownStart, type Search } from './search.ts';

interface TimedCandidate extends Candidate {
  /** Nothing of the timeline's own came before it: the instant may lie before the timeline began. */
  readonly isFirst: boolean;
}

/**
 * Where recovery to a time stops, on each timeline that was alive at that instant: at the first end of a transaction in WAL order
 * that is later (PostgreSQL 15, recoveryStopsBefore: commits and aborts alike).
 */
export async function findByTime(search: Search, time: Micros, paths: readonly TimelinePath[]): Promise<Candidate[]> {
  const found: TimedCandidate[] = [];
  for (const path of paths) {
    const candidate = await firstLater(search, time, path);
    if (candidate) found.push(candidate);
  }
  const own = found.filter((one) => !isBehindAnother(one, found, paths));
  const within = own.filter((one) => !one.isFirst);
  // At that instant only timelines were alive that had been promoted by then.
  const chosen = within.length > 0 ? within : own.filter((one) => wasPromoted(search, one.timeline, time));
  return chosen.map(({ timeline, position }) => ({ timeline, position, inclusive: false }));
}

/** Commit times do not follow WAL exactly: where an ancestor's part already has a later one, recovery stops there. */
function isBehindAnother(
  { timeline }: Candidate,
  found: readonly Candidate[],
  paths: readonly TimelinePath[],
): boolean {
  const switches = paths.find((path) => path.timeline === timeline)?.switches ?? [];
  return switches.some((fork) => found.some((one) => one.timeline === fork.timeline && one.position < fork.position));
}

async function firstLater(search: Search, time: Micros, path: TimelinePath): Promise<TimedCandidate | null> {
  const { index, exact } = search;
  const start = ownStart(search, path);
  const span = ownSpan(search, path);
  for (let first = span.first; ; ) {
    const row = index.firstEndingAfter({ ...span, first }, time);
    if (!row) return null;
    const own = (await exact.ends(path.timeline, row.number)).filter((end) => end.position >= start);
    const at = own.findIndex((end) => end.time > time);
    const stop = own[at];
    if (stop) {
      const isFirst =
        path.switches.length > 0 && at === 0 && !(await hasEarlier(search, path, { ...span, last: row.number - 1 }));
      return { timeline: path.timeline, position: stop.position, inclusive: false, isFirst };
    }
    // Only what the file repeats of the parent was later.
    first = row.number + 1;
  }
}

/** Whether a transaction of the timeline's own ended in these segments; its first file also repeats what the parent wrote. */
async function hasEarlier(search: Search, path: TimelinePath, span: { first: number; last: number }): Promise<boolean> {
  const { index, exact } = search;
  const start = ownStart(search, path);
  const { timeline } = path;
  for (let { first } = span; first <= span.last; ) {
    const row = index.firstEndingAfter({ ...span, timeline, first }, Number.MIN_SAFE_INTEGER);
    if (!row) return false;
    if (row.number > span.first) return true;
    if ((await exact.ends(timeline, row.number)).some((end) => end.position >= start)) return true;
    first = row.number + 1;
  }
  return false;
}

/** By the record of the promotion, which tells the second; without one, the parent's last transaction must have been before. */
function wasPromoted(search: Search, timeline: number, time: Micros): boolean {
  const path = search.picture.paths.find((one) => one.timeline === timeline);
  const fork = path?.switches.at(-1);
  if (!path || !fork) return true;
  const [promotion] = search.index
    .points('end-of-recovery', ownSpan(search, path))
    .filter((one) => one.position >= ownBegin(path));
  if (promotion?.point.is === 'end-of-recovery') return promotion.point.time <= time;
  const parent = search.picture.paths.find((one) => one.timeline === fork.timeline);
  return parent === undefined || search.index.firstEndingAfter(ownSpan(search, parent), time) === null;
}
