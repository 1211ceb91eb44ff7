import type { Result } from '@barback/shared/operations/index.ts';
import { parseLsn } from '@barback/shared/postgres/lsn.ts';
import { parseSegmentName, segmentName, type Segment } from '@barback/shared/postgres/segment.ts';
import { ownerOfSegment, type TimelineHistory } from '@barback/shared/postgres/timeline.ts';

export type WalFacts = Result<'wal-facts'>;

/** How far WAL reaches without a hole along one timeline path, from a segment on. */
export interface WalReach {
  /** The last segment before the first hole; null when not even the first one is there. */
  readonly last: string | null;
  /** From the first to `last`. */
  readonly segments: number;
  /** The first missing segments when WAL goes on behind them: a hole, as opposed to the end. */
  readonly hole: { readonly first: string; readonly last: string } | null;
}

/** The history of a timeline; one without a history file has no known ancestors. */
export function historyOf(wal: WalFacts, timeline: number): TimelineHistory {
  return wal.histories.find((one) => one.timeline === timeline) ?? { timeline, ancestors: [] };
}

/** Follows WAL from `from` (a segment's file name) along the path of a timeline. */
export function walReach(wal: WalFacts, history: TimelineHistory, from: string): WalReach {
  const { segmentBytes } = wal;
  const start = parseSegmentName(from, segmentBytes);
  if (!start) throw new Error(`cannot follow WAL from ${JSON.stringify(from)}: it is no segment name`);
  const spans = spansOnPath(wal, history);
  let next = start.number;
  for (let span = spanWith(spans, next); span; span = spanWith(spans, next)) next = span.last + 1n;
  const behind = spans.filter((span) => span.first > next).map((span) => span.first);
  const name = (number: bigint): string => segmentName(ownerOfSegment(history, number, segmentBytes), segmentBytes);
  const resumes = behind.length === 0 ? null : behind.reduce((a, b) => (a < b ? a : b));
  return {
    last: next === start.number ? null : name(next - 1n),
    segments: Number(next - start.number),
    hole: resumes === null ? null : { first: name(next), last: name(resumes - 1n) },
  };
}

/** Whether segment `a` lies before segment `b` in the WAL, whatever their timelines. */
export function isBefore(a: string, b: string, segmentBytes: number): boolean {
  const [left, right] = [parseSegmentName(a, segmentBytes), parseSegmentName(b, segmentBytes)];
  if (!left || !right) throw new Error(`cannot compare the segments ${JSON.stringify(a)} and ${JSON.stringify(b)}`);
  return left.number < right.number;
}

interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

function spanWith(spans: readonly Span[], number: bigint): Span | undefined {
  return spans.find((span) => span.first <= number && number <= span.last);
}

/** The runs of segments cut down to the part that PostgreSQL would read on this path. */
function spansOnPath(wal: WalFacts, history: TimelineHistory): Span[] {
  const spans: Span[] = [];
  for (const run of wal.runs) {
    const first = parseSegmentName(run.first, wal.segmentBytes);
    const last = parseSegmentName(run.last, wal.segmentBytes);
    const range = rangeOwnedBy(history, run.timeline, wal.segmentBytes);
    if (!first || !last || !range) continue;
    const span = { first: max(first, range.first), last: range.last === null ? last.number : min(last, range.last) };
    if (span.first <= span.last) spans.push(span);
  }
  return spans;
}

/** The segments that belong to a timeline on this path: a segment in which a switch lies belongs to the newer one. */
function rangeOwnedBy(
  history: TimelineHistory,
  timeline: number,
  segmentBytes: number,
): { first: bigint; last: bigint | null } | null {
  const index = history.ancestors.findIndex((ancestor) => ancestor.timeline === timeline);
  if (index < 0 && timeline !== history.timeline) return null;
  const switchSegment = (at: number): bigint => {
    const ancestor = history.ancestors.at(at);
    return ancestor ? parseLsn(ancestor.switchLsn) / BigInt(segmentBytes) : 0n;
  };
  const position = index < 0 ? history.ancestors.length : index;
  const first = position === 0 ? 0n : switchSegment(position - 1);
  return { first, last: index < 0 ? null : switchSegment(index) - 1n };
}

function max(segment: Segment, other: bigint): bigint {
  return segment.number > other ? segment.number : other;
}

function min(segment: Segment, other: bigint): bigint {
  return segment.number < other ? segment.number : other;
}
