import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import type { TimelineHistory } from '@barback/shared/postgres/timeline.ts';
import type { Range } from '../wal-index/ranges.ts';

/** The part of a timeline's WAL that belongs to a path: by segment number, `last` null for the end. */
export interface Stretch {
  readonly timeline: number;
  readonly first: number;
  readonly last: number | null;
}

/** The way from the first timeline to one of its descendants: PostgreSQL's `recovery_target_timeline`. */
export interface TimelinePath {
  readonly timeline: number;
  /** In order; a segment in which a switch lies belongs to the newer timeline, whose file holds the older one's records too. */
  readonly stretches: readonly Stretch[];
  /** Oldest first; `position` is where the ancestor ends on this path. */
  readonly switches: readonly { readonly timeline: number; readonly position: number; readonly reason: string }[];
}

export interface TreeFacts {
  readonly segmentBytes: number;
  readonly histories: readonly TimelineHistory[];
  /** Every segment that Barman holds. */
  readonly held: readonly Range[];
}

/** Every timeline that is known by its history or by its files, in order. */
export function timelinesOf({ histories, held }: TreeFacts): readonly number[] {
  const known = new Set([
    ...held.map((one) => one.timeline),
    ...histories.map((one) => one.timeline),
    ...histories.flatMap((one) => one.ancestors.map((ancestor) => ancestor.timeline)),
  ]);
  return [...known].toSorted((a, b) => a - b);
}

/** The path of a timeline; undefined when its history is missing, so that nobody knows where it comes from. */
export function pathOf({ segmentBytes, histories }: TreeFacts, timeline: number): TimelinePath | undefined {
  const history = histories.find((one) => one.timeline === timeline);
  if (!history && timeline !== 1) return undefined;
  const switches = (history?.ancestors ?? []).map((one) => ({
    timeline: one.timeline,
    position: lsnToNumber(one.switchLsn),
    reason: one.reason,
  }));
  const forks = switches.map((one) => Math.floor(one.position / segmentBytes));
  const stretches = [...switches.map((one) => one.timeline), timeline].map((each, index): Stretch => {
    const end = forks[index];
    return { timeline: each, first: forks[index - 1] ?? 0, last: end === undefined ? null : end - 1 };
  });
  // Two switches within one segment leave the timeline between them no segment of its own.
  return { timeline, switches, stretches: stretches.filter((one) => one.last === null || one.first <= one.last) };
}

/** The timeline whose file holds a segment on this path. */
export function ownerOf(path: TimelinePath, number: number): number {
  const stretch = path.stretches.find((one) => one.first <= number && (one.last === null || number <= one.last));
  return stretch?.timeline ?? path.timeline;
}

/** The timeline that a position belongs to: before a switch it is the ancestor's, whatever file it is read from. */
export function timelineAt(path: TimelinePath, position: number): number {
  return path.switches.find((one) => position < one.position)?.timeline ?? path.timeline;
}

/** Whether a record in a timeline's file is on the path: in its own part, or in a file from which the path reads. */
export function leadsTo(path: TimelinePath, at: { timeline: number; position: number }, segmentBytes: number): boolean {
  const owner = ownerOf(path, Math.floor(at.position / segmentBytes));
  return timelineAt(path, at.position) === at.timeline || owner === at.timeline;
}

/** Where a timeline begins to differ from its parent; 0 for the first. */
export function ownBegin(path: TimelinePath): number {
  return path.switches.at(-1)?.position ?? 0;
}

/** The last position that two paths share: up to there they are the same history. */
export function divergence(one: TimelinePath, other: TimelinePath): number {
  if (one.timeline === other.timeline) return Number.POSITIVE_INFINITY;
  for (let index = 0; ; index += 1) {
    const [mine, theirs] = [one.switches[index], other.switches[index]];
    const [myTimeline, theirTimeline] = [mine?.timeline ?? one.timeline, theirs?.timeline ?? other.timeline];
    if (myTimeline !== theirTimeline) {
      return Math.min(one.switches[index - 1]?.position ?? 0, other.switches[index - 1]?.position ?? 0);
    }
    if (!mine || !theirs || mine.position !== theirs.position) {
      return Math.min(mine?.position ?? Number.POSITIVE_INFINITY, theirs?.position ?? Number.POSITIVE_INFINITY);
    }
  }
}
