import type { WalCarry, WalSegmentSummary } from '@barback/shared/operations/wal-index.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../db/database.ts';
import { temporaryDatabase, type TemporaryDatabase } from '../db/testing/temporary-database.ts';
import { walPoints, walSegments, walTransactions } from '../db/wal-schema.ts';
import { write } from '../db/write.ts';
import type { Range } from './ranges.ts';
import { nameOfSegment } from './segment-range.ts';
import { forgetHeld, forgetUnheld, storeSegments, thinCarries, type ReadSegments } from './store-segments.ts';
import { walIndexReader } from './wal-index-reader.ts';
import { loadCarry, loadLastCarry } from './wal-store.ts';

const segmentBytes = 16 * 1024 * 1024;
const noon = 1_795_348_800_000_000;

let temporary: TemporaryDatabase;
let database: Database;
beforeEach(() => {
  temporary = temporaryDatabase();
  ({ database } = temporary);
});
afterEach(() => {
  temporary.remove();
});

const lsnOf = (number: number, offset: number) => `0/${(number * segmentBytes + offset).toString(16).toUpperCase()}`;
const nothing = { created: [], removed: [], dropped: [], locked: [], databases: [], catalogues: [], atLeast: false };

/** Two commits, a restore point and a transaction that deleted rows. */
function segment(number: number, commits = 2, timeline = 1): WalSegmentSummary {
  const end = { xid: 700 + number, lsn: lsnOf(number, 0x100), time: noon + number };
  return {
    segment: nameOfSegment(timeline, number, segmentBytes),
    commits,
    aborts: 0,
    firstCommit: end,
    lastCommit: end,
    earliest: end.time,
    latest: end.time,
    latestEnd: end.time,
    xidMin: end.xid,
    xidMax: end.xid,
    commitsByTime: [],
    points: [{ is: 'restore-point', lsn: lsnOf(number, 0x80), name: `p${number}` }],
    transactions: [
      {
        ...end,
        work: {
          ...nothing,
          rows: [{ file: '1663/5/16385', deleted: 3, updated: 1 }],
          otherRows: { deleted: 2, updated: 0 },
        },
      },
    ],
    omitted: { transactions: 0, rowsMax: 0 },
    schemaChanges: 0,
    file: { bytes: segmentBytes, modifiedAt: 0, inode: '1' },
  };
}

const carryAt = (number: number): WalCarry => ({ lsn: lsnOf(number, 0x100), open: [], unseenUpTo: null });

function store(numbers: readonly number[], more: Partial<ReadSegments> = {}): void {
  const last = numbers.at(-1) ?? 0;
  write(database, (tx) =>
    storeSegments(tx, {
      server: 'main',
      segmentBytes,
      held: 'complete',
      segments: numbers.map((number) => segment(number)),
      carry: carryAt(last),
      ...more,
    }),
  );
}

function stored(server = 'main') {
  const rows = database.orm.select().from(walSegments).all();
  return rows.filter((one) => one.server === server).map((one) => `${one.timeline}/${one.number} ${one.held}`);
}

const counts = () =>
  [walSegments, walPoints, walTransactions].map((table) => database.orm.select().from(table).all().length);

const reader = () => walIndexReader(database.orm, 'main');
const all = { timeline: 1, first: 0, last: null };

describe('segments in the index', () => {
  test('replace what was known of them, with everything in them', () => {
    store([1, 2, 3]);
    store([2], { segments: [segment(2, 5)] });
    expect(counts()).toEqual([3, 3, 3]);
    expect(reader().commits(all)).toBe(2 + 5 + 2);
    expect(database.orm.select().from(walTransactions).all()[0]).toMatchObject({ rows: 6 });
  });

  test('stand for the part of the same file that was known before', () => {
    store([4], { held: 'live' });
    store([4], { held: 'partial' });
    expect(stored()).toEqual(['1/4 partial']);
    store([4]);
    expect(stored()).toEqual(['1/4 complete']);
  });

  test('that Barman holds stay held when live is found to have them too', () => {
    store([4]);
    store([4], { held: 'live' });
    expect(
      database.orm
        .select()
        .from(walTransactions)
        .all()
        .map((one) => one.held),
    ).toEqual(['complete']);
    expect(reader().points('restore-point', null)).toHaveLength(1);
    expect(reader().commits(all)).toBe(2);
  });

  test('that only live has are counted by nobody who asks what Barman holds', () => {
    store([4], { held: 'live' });
    expect(reader().commits(all)).toBe(0);
    expect(reader().firstEndingAfter(all, 0)).toBeNull();
    expect(reader().withXid(all, 704)).toEqual([]);
    expect(reader().points('restore-point', null)).toEqual([]);
  });

  test('belong to one server alone', () => {
    store([1, 2]);
    store([1], { server: 'other' });
    write(database, (tx) => forgetUnheld(tx, 'other', { complete: [range(9, 9)], partial: [] }));
    expect([stored('other'), stored()]).toEqual([[], ['1/1 complete', '1/2 complete']]);
  });

  test('are found by time, by transaction and by neighbourhood, inside the span only', () => {
    store([1, 2, 3, 5]);
    const span = { timeline: 1, first: 2, last: 3 };
    expect(reader().firstEndingAfter(all, noon + 2)?.number).toBe(3);
    expect(reader().firstEndingAfter(span, noon + 3)).toBeNull();
    expect(reader().firstWithCommit(span)?.number).toBe(2);
    expect(reader().lastWithCommit(all)?.number).toBe(5);
    expect(
      reader()
        .withXid(all, 703)
        .map((one) => one.number),
    ).toEqual([3]);
    expect(reader().withXid(span, 705)).toEqual([]);
    expect(
      reader()
        .points('restore-point', span)
        .map((one) => one.position),
    ).toEqual([0x2000080, 0x3000080]);
    expect(reader().commits({ ...all, timeline: 2 })).toBe(0);
  });
});

const range = (first: number, last: number, timeline = 1): Range => ({ timeline, first, last });

describe('what Barman has deleted', () => {
  test('is forgotten: all before the first segment of each timeline, and timelines that are gone', () => {
    store([1, 2, 3, 4]);
    store([7], { segments: [segment(7, 1, 2)] });
    store([9], { segments: [segment(9, 1, 3)] });
    write(database, (tx) => forgetUnheld(tx, 'main', { complete: [range(3, 4)], partial: [range(7, 7, 2)] }));
    expect(stored()).toEqual(['1/3 complete', '1/4 complete', '2/7 complete']);
    expect(counts()).toEqual([3, 3, 3]);
  });

  test('is not everything when the archive seems empty: then it could not be seen', () => {
    store([1, 2]);
    write(database, (tx) => forgetUnheld(tx, 'main', { complete: [], partial: [] }));
    expect(stored()).toHaveLength(2);
  });

  test('in the middle stays known: it may come back', () => {
    store([1, 2, 3]);
    write(database, (tx) => forgetUnheld(tx, 'main', { complete: [range(1, 1), range(3, 3)], partial: [] }));
    expect(stored()).toHaveLength(3);
  });

  test('of an unfinished file is forgotten by its kind, of one timeline or of all', () => {
    store([4], { held: 'partial' });
    store([5], { held: 'partial', segments: [segment(5, 1, 2)] });
    store([6]);
    write(database, (tx) => forgetHeld(tx, 'main', 'partial', 2));
    expect(stored()).toEqual(['1/4 partial', '1/6 complete']);
    write(database, (tx) => forgetHeld(tx, 'main', 'partial', null));
    expect(stored()).toEqual(['1/6 complete']);
  });
});

describe('a carry', () => {
  test('is kept of the last segment of each reading, and read back', () => {
    store([1, 2, 3]);
    expect([2, 3].map((number) => loadCarry(database.orm, 'main', 1, number)?.lsn)).toEqual([undefined, '0/3000100']);
    store([4], { held: 'partial' });
    expect(loadCarry(database.orm, 'main', 1, 4)).toBeNull();
    expect(loadLastCarry(database.orm, 'main', 1, 4)?.lsn).toBe('0/4000100');
  });

  test('is thinned far behind the newest, and stays where reading can begin again', () => {
    for (const number of [14, 15, 16, 31, 40, 60, 70, 90]) store([number]);
    write(database, (tx) => thinCarries(tx, 'main', 1, 90));
    const kept = [14, 15, 16, 31, 40, 60, 70, 90].filter((one) => loadCarry(database.orm, 'main', 1, one) !== null);
    expect(kept).toEqual([15, 31, 60, 70, 90]);
  });
});
