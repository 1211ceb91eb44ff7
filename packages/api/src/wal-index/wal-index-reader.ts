import { walEndSchema, walPointSchema, type WalPoint } from '@barback/shared/operations/wal-index.ts';
import { and, asc, desc, eq, gt, gte, lte, ne, sql, type SQL } from 'drizzle-orm';
import type { Reader } from '../db/database.ts';
import { walPoints, walSegments } from '../db/wal-schema.ts';
import type { IndexReader, PlacedPoint, SegmentRow, SegmentSpan } from '../window/index-reader.ts';

const columns = {
  timeline: walSegments.timeline,
  number: walSegments.number,
  commits: walSegments.commits,
  latestEnd: walSegments.latestEnd,
  firstCommit: walSegments.firstCommit,
  lastCommit: walSegments.lastCommit,
};

type Row = { [K in keyof typeof columns]: (typeof columns)[K]['_']['notNull'] extends true ? number : unknown };

/** Candidates for an xid that are worth reading: more means that the number says little. */
const xidSegmentsMax = 64;

/** The commit index of one server in the database. */
export function walIndexReader(reader: Reader, server: string): IndexReader {
  const inside = (span: SegmentSpan): SQL | undefined =>
    and(
      eq(walSegments.server, server),
      eq(walSegments.timeline, span.timeline),
      gte(walSegments.number, span.first),
      span.last === null ? undefined : lte(walSegments.number, span.last),
      ne(walSegments.held, 'live'),
    );
  const find = (where: SQL | undefined, order: SQL) =>
    reader.select(columns).from(walSegments).where(where).orderBy(order).limit(1).get();
  return {
    firstEndingAfter: (span, time) =>
      row(find(and(inside(span), gt(walSegments.latestEnd, time)), asc(walSegments.number))),
    firstWithCommit: (span) => row(find(and(inside(span), gt(walSegments.commits, 0)), asc(walSegments.number))),
    lastWithCommit: (span) => row(find(and(inside(span), gt(walSegments.commits, 0)), desc(walSegments.number))),
    commits: (span) =>
      reader
        .select({ sum: sql<number>`coalesce(sum(${walSegments.commits}), 0)` })
        .from(walSegments)
        .where(inside(span))
        .get()?.sum ?? 0,
    withXid: (span, xid) =>
      reader
        .select(columns)
        .from(walSegments)
        .where(and(inside(span), lte(walSegments.xidMin, xid), gte(walSegments.xidMax, xid)))
        .orderBy(asc(walSegments.number))
        .limit(xidSegmentsMax)
        .all()
        .map(rowOf),
    points: (kind, span) => pointsOf(reader, server, kind, span),
  };
}

function pointsOf(reader: Reader, server: string, kind: WalPoint['is'], span: SegmentSpan | null): PlacedPoint[] {
  return reader
    .select()
    .from(walPoints)
    .where(
      and(
        eq(walPoints.server, server),
        eq(walPoints.kind, kind),
        ne(walPoints.held, 'live'),
        span === null ? undefined : eq(walPoints.timeline, span.timeline),
        span === null ? undefined : gte(walPoints.number, span.first),
        span === null || span.last === null ? undefined : lte(walPoints.number, span.last),
      ),
    )
    .orderBy(asc(walPoints.position))
    .all()
    .map(({ timeline, position, data }) => ({
      timeline,
      position,
      point: walPointSchema.parse(JSON.parse(data)),
    }));
}

function row(found: Row | undefined): SegmentRow | null {
  return found === undefined ? null : rowOf(found);
}

function rowOf(found: Row): SegmentRow {
  const { timeline, number, commits, latestEnd, firstCommit, lastCommit } = found;
  return {
    timeline,
    number,
    commits,
    latestEnd: latestEnd as number | null,
    firstCommit: endOf(firstCommit),
    lastCommit: endOf(lastCommit),
  };
}

function endOf(text: unknown): SegmentRow['firstCommit'] {
  return typeof text === 'string' ? walEndSchema.parse(JSON.parse(text)) : null;
}
