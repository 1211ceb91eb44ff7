import { historyName } from '@barback/shared/postgres/timeline.ts';
import { segmentName } from '@barback/shared/postgres/segment.ts';
import type { Range } from '../wal-index/ranges.ts';
import type { WalState } from '../wal-index/wal-state.ts';
import { pathOf, timelinesOf, type TimelinePath } from './timeline-tree.ts';

/** Segments, or a timeline's history, that stand in the way of every restore across them. */
export interface Hole {
  readonly timeline: number;
  /** Segments by number; of a missing history, those that the timeline has. */
  readonly first: number;
  readonly last: number;
  readonly cause: WalState['holes'][number]['cause'] | 'history-missing';
  readonly detail: string;
}

/** Every hole, by timeline and number. */
export function holesOf(state: WalState): readonly Hole[] {
  const held = [...state.complete, ...state.partial];
  const facts = { segmentBytes: state.segmentBytes, histories: state.histories, held };
  const holes = new Map<string, Hole>();
  const add = (hole: Hole): void => void holes.set(`${hole.timeline}/${hole.first}`, hole);
  for (const timeline of timelinesOf(facts)) {
    const path = pathOf(facts, timeline);
    if (path) missingOn(path, state).forEach(add);
    else historyHoles(timeline, state).forEach(add);
  }
  for (const { timeline, number, cause, detail } of state.holes)
    add({ timeline, first: number, last: number, cause, detail });
  return [...holes.values()].toSorted((a, b) => a.timeline - b.timeline || a.first - b.first);
}

/** Between what is held on the way: what lies before the first file was deleted on purpose. */
function missingOn(path: TimelinePath, { complete, partial, segmentBytes }: WalState): Hole[] {
  const solid = onPath(path, complete);
  const newest = Math.max(...solid.map((one) => one.last));
  // WAL may end in a partial file, but not go on behind one.
  solid.push(
    ...onPath(path, partial)
      .filter((one) => one.last > newest)
      .slice(-1),
  );
  return solid.flatMap((span, index) => {
    const before = solid[index - 1];
    return before && span.first > before.last + 1
      ? gap(path, { first: before.last + 1, last: span.first - 1 }, segmentBytes)
      : [];
  });
}

/** The parts of ranges that belong to a path, in its order. */
function onPath(path: TimelinePath, ranges: readonly Range[]): Range[] {
  return path.stretches
    .flatMap((stretch) =>
      ranges
        .filter((range) => range.timeline === stretch.timeline)
        .map((range) => ({
          timeline: range.timeline,
          first: Math.max(range.first, stretch.first),
          last: Math.min(range.last, stretch.last ?? range.last),
        })),
    )
    .filter((range) => range.first <= range.last)
    .toSorted((a, b) => a.first - b.first);
}

/** One hole for each timeline whose segments are missing. */
function gap(path: TimelinePath, range: { first: number; last: number }, segmentBytes: number): Hole[] {
  return path.stretches.flatMap((stretch) => {
    const first = Math.max(range.first, stretch.first);
    const last = Math.min(range.last, stretch.last ?? range.last);
    if (first > last) return [];
    const name = (number: number): string =>
      segmentName({ timeline: stretch.timeline, number: BigInt(number) }, segmentBytes);
    const detail =
      first === last ? `Barman does not hold ${name(first)}` : `Barman does not hold ${name(first)} to ${name(last)}`;
    return [{ timeline: stretch.timeline, first, last, cause: 'missing' as const, detail }];
  });
}

function historyHoles(timeline: number, { complete, partial, unreadableHistories }: WalState): Hole[] {
  const own = [...complete, ...partial].filter((one) => one.timeline === timeline);
  if (own.length === 0) return [];
  const first = Math.min(...own.map((one) => one.first));
  const last = Math.max(...own.map((one) => one.last));
  const reason = unreadableHistories.find((one) => one.timeline === timeline)?.reason;
  const detail =
    reason ?? `Barman does not hold ${historyName(timeline)}: from where timeline ${timeline} comes is unknown`;
  return [{ timeline, first, last, cause: 'history-missing', detail }];
}
