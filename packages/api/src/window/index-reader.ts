import type { WalEnd, WalPoint } from '@barback/shared/operations/wal-index.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';

/** What is known of one segment, without reading it again. */
export interface SegmentRow {
  readonly timeline: number;
  readonly number: number;
  readonly commits: number;
  readonly latestEnd: Micros | null;
  readonly firstCommit: WalEnd | null;
  readonly lastCommit: WalEnd | null;
}

export interface PlacedPoint {
  readonly timeline: number;
  readonly position: number;
  readonly point: WalPoint;
}

/** Segments of one timeline; `last` null: to its end. */
export interface SegmentSpan {
  readonly timeline: number;
  readonly first: number;
  readonly last: number | null;
}

/** Questions to the commit index of one server. Only what Barman holds counts. */
export interface IndexReader {
  /** The first segment in which a transaction ended later than `time`. */
  firstEndingAfter(span: SegmentSpan, time: Micros): SegmentRow | null;
  firstWithCommit(span: SegmentSpan): SegmentRow | null;
  lastWithCommit(span: SegmentSpan): SegmentRow | null;
  commits(span: SegmentSpan): number;
  /** Segments in which a transaction with this xid may have ended. */
  withXid(span: SegmentSpan, xid: number): readonly SegmentRow[];
  points(kind: WalPoint['is'], span: SegmentSpan | null): readonly PlacedPoint[];
}

/** One end of a transaction with its position in bytes. */
export interface ExactEnd {
  readonly kind: 'commit' | 'abort';
  readonly xid: number;
  readonly position: number;
  readonly time: Micros;
}

/** Reads WAL itself, through the agent. Throws ProblemError when it cannot. */
export interface ExactReader {
  /** Every end in one segment of a timeline's own files, in order. */
  ends(timeline: number, number: number): Promise<readonly ExactEnd[]>;
  /** Begin of the first record at or after a position in that segment; null when none follows. */
  recordAt(timeline: number, position: number): Promise<number | null>;
}
