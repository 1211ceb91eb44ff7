import { parseSegmentName, segmentName } from '@barback/shared/postgres/segment.ts';
import { ownerOfSegment, type TimelineHistory } from '@barback/shared/postgres/timeline.ts';

export interface WalPath {
  /** Segment names in the order of replay, without a gap. */
  readonly segments: readonly string[];
  /** The first segment that is not there although a later one of the path is; null when nothing later exists. */
  readonly gap: string | null;
  /** The first segment that is not there, whether or not later ones are. */
  readonly next: string;
}

/**
 * The unbroken run of segments from `begin` along a timeline's path, up to and including `until` if given.
 * Where a history forks inside a segment, PostgreSQL reads the newer timeline's file; until that exists, the older one's.
 */
export function walkWalPath(
  has: (name: string) => boolean,
  history: TimelineHistory,
  range: { readonly begin: string; readonly until: string | null; readonly segmentBytes: number },
): WalPath {
  const { begin, until, segmentBytes } = range;
  const first = parseSegmentName(begin, segmentBytes);
  const last = until === null ? null : parseSegmentName(until, segmentBytes);
  if (!first || last === undefined) throw new Error(`cannot walk from ${begin} to ${until}: not names of WAL segments`);
  const segments: string[] = [];
  let number = first.number;
  while (last === null || number <= last.number) {
    const name = candidates(history, number, segmentBytes).find(has);
    if (name === undefined) break;
    segments.push(name);
    number += 1n;
  }
  const next = candidates(history, number, segmentBytes)[0] ?? begin;
  const later = last === null || number <= last.number ? laterExists(has, history, number, segmentBytes) : false;
  return { segments, gap: later ? next : null, next };
}

/** Names under which a segment can be had, best first: its owner's, then those of timelines that end in this segment. */
function candidates(history: TimelineHistory, number: bigint, segmentBytes: number): string[] {
  const owner = ownerOfSegment(history, number, segmentBytes);
  const before = ownerOfSegment(history, number - 1n, segmentBytes);
  const timelines = history.ancestors
    .map((one) => one.timeline)
    .filter((timeline) => timeline >= before.timeline && timeline < owner.timeline)
    .toSorted((one, other) => other - one);
  return [owner.timeline, ...timelines].map((timeline) => segmentName({ timeline, number }, segmentBytes));
}

/** A gap is looked for this far: Barman's archive may be huge, and a hole of that size is its end. */
const lookAhead = 4096n;

function laterExists(
  has: (name: string) => boolean,
  history: TimelineHistory,
  number: bigint,
  segmentBytes: number,
): boolean {
  for (let step = 1n; step <= lookAhead; step += 1n) {
    if (candidates(history, number + step, segmentBytes).some(has)) return true;
  }
  return false;
}
