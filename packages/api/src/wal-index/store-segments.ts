import type { WalSegmentSummary } from '@barback/shared/operations/wal-index.ts';
import type { WalCarry } from '@barback/shared/operations/wal-index.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { and, eq, gt, inArray, isNotNull, lt, sql } from 'drizzle-orm';
import type { Tx } from '../db/database.ts';
import { walPoints, walSegments, walTransactions } from '../db/wal-schema.ts';
import { carryEvery } from './next-read.ts';
import { merged } from './ranges.ts';
import { rangeOfSegment } from './segment-range.ts';
import type { WalState } from './wal-state.ts';

export interface ReadSegments {
  readonly server: string;
  readonly segmentBytes: number;
  readonly held: 'complete' | 'partial' | 'live';
  readonly segments: readonly WalSegmentSummary[];
  /** Behind the last one. */
  readonly carry: WalCarry | null;
}

/** Puts segments into the index, in place of what was known of them. */
export function storeSegments(tx: Tx, read: ReadSegments): void {
  for (const [index, segment] of read.segments.entries()) {
    const isLast = index === read.segments.length - 1;
    storeSegment(tx, read, segment, isLast ? read.carry : null);
  }
}

function storeSegment(tx: Tx, read: ReadSegments, segment: WalSegmentSummary, carry: WalCarry | null): void {
  const { server, held, segmentBytes } = read;
  const { timeline, first: number } = rangeOfSegment(segment.segment, segmentBytes);
  const place = { server, timeline, number, held };
  forgetSegment(tx, place, standsFor[held]);
  const { commits, aborts, latestEnd, earliest, latest, xidMin, xidMax } = segment;
  tx.insert(walSegments)
    .values({
      ...place,
      commits,
      aborts,
      latestEnd,
      earliest,
      latest,
      xidMin,
      xidMax,
      firstCommit: segment.firstCommit && JSON.stringify(segment.firstCommit),
      lastCommit: segment.lastCommit && JSON.stringify(segment.lastCommit),
      commitsByTime: JSON.stringify(segment.commitsByTime),
      omittedTransactions: segment.omitted.transactions,
      omittedRowsMax: segment.omitted.rowsMax,
      file: JSON.stringify(segment.file),
      carry: carry && JSON.stringify(carry),
    })
    .run();
  for (const point of segment.points) {
    const row = { ...place, position: lsnToNumber(point.lsn), kind: point.is, data: JSON.stringify(point) };
    tx.insert(walPoints).values(row).onConflictDoNothing().run();
  }
  for (const { xid, lsn, time, work } of segment.transactions) {
    const rows = work.rows.reduce((sum, one) => sum + one.deleted + one.updated, 0);
    const all = rows + work.otherRows.deleted + work.otherRows.updated;
    tx.insert(walTransactions)
      .values({ ...place, position: lsnToNumber(lsn), xid, time, rows: all, work: JSON.stringify(work) })
      // What Barman holds already is not less held because live has it too.
      .onConflictDoNothing()
      .run();
  }
}

interface Place {
  readonly server: string;
  readonly timeline: number;
  readonly number: number;
}

type Held = ReadSegments['held'];

/** A file that Barman holds more of stands for whatever part of it was known before. */
const standsFor = {
  complete: ['complete', 'partial', 'live'],
  partial: ['partial', 'live'],
  live: ['live'],
} as const satisfies Readonly<Record<Held, readonly Held[]>>;

function forgetSegment(tx: Tx, { server, timeline, number }: Place, held: readonly Held[]): void {
  for (const table of [walSegments, walPoints, walTransactions]) {
    tx.delete(table)
      .where(
        and(
          eq(table.server, server),
          eq(table.timeline, timeline),
          eq(table.number, number),
          inArray(table.held, [...held]),
        ),
      )
      .run();
  }
}

/** Forgets what Barman has deleted: all before the first segment of each timeline, and timelines that are gone. */
export function forgetUnheld(
  tx: Tx,
  server: string,
  { complete, partial }: Pick<WalState, 'complete' | 'partial'>,
): void {
  const held = merged([...complete, ...partial]);
  // An archive that seems empty could not be seen.
  if (held.length === 0) return;
  const timelines = [...new Set(held.map((one) => one.timeline))].toSorted((a, b) => a - b);
  for (const table of [walSegments, walPoints, walTransactions]) {
    // By what lies between them: a search for "none of these" would read every row.
    for (const [index, above] of [0, ...timelines].entries()) {
      const below = timelines[index];
      tx.delete(table)
        .where(
          and(
            eq(table.server, server),
            gt(table.timeline, above),
            below === undefined ? undefined : lt(table.timeline, below),
          ),
        )
        .run();
    }
    for (const timeline of timelines) {
      const first = Math.min(...held.filter((one) => one.timeline === timeline).map((one) => one.first));
      tx.delete(table)
        .where(and(eq(table.server, server), eq(table.timeline, timeline), lt(table.number, first)))
        .run();
    }
  }
}

/** What was only in an unfinished file, of one timeline or of all, is read anew. */
export function forgetHeld(tx: Tx, server: string, held: 'partial' | 'live', timeline: number | null): void {
  for (const table of [walSegments, walPoints, walTransactions]) {
    tx.delete(table)
      .where(
        and(
          eq(table.server, server),
          eq(table.held, held),
          timeline === null ? undefined : eq(table.timeline, timeline),
        ),
      )
      .run();
  }
}

export function forgetServer(tx: Tx, server: string): void {
  for (const table of [walSegments, walPoints, walTransactions]) tx.delete(table).where(eq(table.server, server)).run();
}

/** Carries are needed near the end, and at some places from where older segments can be read again. */
export function thinCarries(tx: Tx, server: string, timeline: number, newest: number): void {
  tx.update(walSegments)
    .set({ carry: null })
    .where(
      and(
        eq(walSegments.server, server),
        eq(walSegments.timeline, timeline),
        lt(walSegments.number, newest - 2 * carryEvery),
        isNotNull(walSegments.carry),
        sql`${walSegments.number} % ${carryEvery} <> ${carryEvery - 1}`,
      ),
    )
    .run();
}
