import type { WalWork } from '@barback/shared/operations/wal-index.ts';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../db/database.ts';
import { temporaryDatabase, type TemporaryDatabase } from '../db/testing/temporary-database.ts';
import { databaseNames, relationNames, walTransactions } from '../db/wal-schema.ts';
import { write } from '../db/write.ts';
import { incidentKinds } from './classify.ts';
import { incidentPage, parseCursor } from './incident-page.ts';
import type { IncidentQuery } from './list-incidents.ts';
import { noWork } from './testing/no-work.ts';

const noon = 1_795_348_800_000_000;
const second = 1_000_000;

let temporary: TemporaryDatabase;
let database: Database;
beforeEach(() => {
  temporary = temporaryDatabase();
  ({ database } = temporary);
  const relation = { server: 'main', database: 5, schema: 'public', kind: 'r', owner: null, lastSeenAt: 0 };
  write(database, (tx) => {
    tx.insert(databaseNames).values({ server: 'main', oid: 5, name: 'shop', lastSeenAt: 0 }).run();
    for (const [oid, name, rows] of [
      [16_385, 'orders', 1000],
      [16_386, 'settings', 4],
    ] as const)
      tx.insert(relationNames)
        .values({ ...relation, oid, name, rows, file: `1663/5/${oid}` })
        .run();
  });
});
afterEach(() => {
  temporary.remove();
});

const deleted = (count: number, oid = 16_385) => ({ rows: [{ file: `1663/5/${oid}`, deleted: count, updated: 0 }] });
const dropped = { catalogues: [{ oid: 1259, changed: 1 }], dropped: [{ database: 5, oid: 16_385 }] };

/** A transaction so many seconds past noon. */
function put(
  xid: number,
  seconds: number,
  work: Partial<WalWork>,
  more: { timeline?: number; held?: 'live'; position?: number } = {},
): void {
  const { timeline = 1, position = xid * 64 } = more;
  const held: 'complete' | 'live' = more.held ?? 'complete';
  const values = { server: 'main', timeline, position, number: 0, held, xid, time: noon + seconds * second, rows: 0 };
  write(database, (tx) =>
    tx
      .insert(walTransactions)
      .values({ ...values, work: JSON.stringify({ ...noWork, ...work }) })
      .run(),
  );
}

const everything: IncidentQuery = {
  server: 'main',
  from: null,
  to: null,
  kinds: incidentKinds,
  relation: null,
  minRows: null,
  before: null,
  limit: 50,
  hasBranches: false,
};

const page = (query: Partial<IncidentQuery> = {}) =>
  incidentPage(database.orm, { ...everything, ...query }, { observedAt: noon, index: { fresh: true, unread: 0 } });
const xids = (query: Partial<IncidentQuery> = {}) => page(query).transactions.map((one) => one.xid);

describe('suspicious transactions', () => {
  test('are listed newest first, each with the target just before it', () => {
    put(700, 0, dropped);
    put(702, 20, deleted(500));
    put(701, 10, deleted(20));
    expect(xids()).toEqual([702, 701, 700]);
    expect(page().transactions[2]).toMatchObject({
      time: '2026-11-22T12:00:00.000000Z',
      lsn: lsnFromNumber(700 * 64),
      kinds: ['drop'],
      relations: [{ what: 'dropped', database: 'shop', schema: 'public', name: 'orders' }],
      target: { type: 'before-transaction', xid: 700 },
      heldByBarman: true,
    });
    expect(page({ hasBranches: true }).transactions[0]?.target).toMatchObject({ xid: 702, timeline: 1 });
  });

  test('are those that changed many rows, or much of a small table, unless a bound is given', () => {
    put(700, 0, deleted(9));
    put(701, 1, deleted(10));
    put(702, 2, deleted(2, 16_386));
    put(703, 3, deleted(1, 16_386));
    expect(xids()).toEqual([702, 701]);
    expect(page().transactions[0]?.relations[0]).toMatchObject({ name: 'settings', share: 0.5 });
    expect(xids({ minRows: 1 })).toEqual([703, 702, 701, 700]);
    expect(xids({ minRows: 10 })).toEqual([701]);
    expect(page().asked.minRows).toBe(10);
  });

  test('can be asked for by kind, and then only what is of that kind is counted', () => {
    put(700, 0, dropped);
    put(701, 1, { rows: [{ file: '1663/5/16385', deleted: 3, updated: 90 }] });
    expect(xids({ kinds: ['drop'] })).toEqual([700]);
    expect(xids({ kinds: ['update'] })).toEqual([701]);
    expect(xids({ kinds: ['delete'] })).toEqual([]);
    expect(xids({ kinds: ['roles'] })).toEqual([]);
  });

  test('can be asked for by relation, with as much of its name as is needed', () => {
    put(700, 0, deleted(50));
    put(701, 1, deleted(50, 16_386));
    for (const name of ['orders', 'public.orders', 'shop.public.orders'])
      expect(xids({ relation: name }), name).toEqual([700]);
    for (const name of ['order', 'private.orders', 'Orders']) expect(xids({ relation: name }), name).toEqual([]);
  });

  test('can be asked for by time, both ends included', () => {
    for (const seconds of [0, 10, 20]) put(700 + seconds, seconds, dropped);
    expect(xids({ from: noon + 10 * second, to: noon + 20 * second })).toEqual([720, 710]);
    expect(xids({ from: noon + 10 * second + 1 })).toEqual([720]);
    expect(xids({ to: noon - 1 })).toEqual([]);
  });

  test('are told once, though the first file of a branch repeats them', () => {
    put(700, 0, dropped);
    put(700, 0, dropped, { timeline: 2 });
    expect(page().transactions.map((one) => [one.xid, one.timeline])).toEqual([[700, 1]]);
  });

  test('of two branches are both told, also with the same number at the same place', () => {
    put(700, 0, dropped);
    put(700, 5, dropped, { timeline: 2 });
    expect(page({ hasBranches: true }).transactions.map((one) => one.target)).toEqual([
      { type: 'before-transaction', xid: 700, timeline: 2 },
      { type: 'before-transaction', xid: 700, timeline: 1 },
    ]);
  });

  test('that only live has say so', () => {
    put(700, 0, dropped, { held: 'live' });
    expect(page().transactions[0]?.heldByBarman).toBe(false);
  });

  test('come in pages that leave nothing out and repeat nothing, whatever is passed over in between', () => {
    for (let index = 0; index < 1_200; index += 1)
      put(700 + index, Math.floor(index / 3), deleted(index % 5 === 0 ? 50 : 1));
    const seen: number[] = [];
    for (let before: IncidentQuery['before'] = null; ; ) {
      const { transactions, next } = page({ before, limit: 37 });
      seen.push(...transactions.map((one) => one.xid));
      if (next === null) break;
      before = parseCursor(next) ?? null;
      expect(transactions).toHaveLength(37);
    }
    expect(seen).toEqual(Array.from({ length: 240 }, (_, index) => 700 + 5 * (239 - index)));
  });

  test('have no next page when the last one is exactly full', () => {
    for (const xid of [700, 701]) put(xid, xid, dropped);
    expect(page({ limit: 2 }).next).toBeNull();
    expect(page({ limit: 1 }).next).toBe(`${formatInstant(noon + 701 * second)}@${lsnFromNumber(701 * 64)}`);
  });
});

test('a place to go on from is read only as it was given', () => {
  expect(parseCursor('2026-11-22T12:00:00.000000Z@1/28')).toEqual({ time: noon, position: 2 ** 32 + 0x28 });
  for (const text of [
    '',
    '@',
    '2026-11-22T12:00:00Z',
    '2026-11-22T12:00:00@0/28',
    '2026-11-22T12:00:00Z@0/G',
    'x@0/28',
  ])
    expect(parseCursor(text), text).toBeUndefined();
});
