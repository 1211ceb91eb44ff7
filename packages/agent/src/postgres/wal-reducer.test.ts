import { readFileSync } from 'node:fs';
import type { WalTransactionSummary } from '@barback/shared/operations/wal-index.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commitText, deletedRowText, recordText, reduced } from './testing/waldump-text.ts';

const start = 0x1000000;
const lsnAt = (offset: number) => `0/${(start + offset).toString(16).toUpperCase()}`;
const line = (manager: string, xid: number, offset: number, description: string) =>
  recordText({ manager, xid, lsn: lsnAt(offset), description });
const stamp = '2026-11-24 16:20:30 UTC';
const running = (offset: number, next: number, oldest = next) =>
  line('Standby', 0, offset, `RUNNING_XACTS nextXid ${next} latestCompletedXid ${next - 1} oldestRunningXid ${oldest}`);

/** The transactions of all segments in the order of WAL. */
function transactions({ facts }: ReturnType<typeof reduced>): WalTransactionSummary[] {
  return [...facts.values()].flatMap((one) => one.transactions).toSorted((a, b) => (a.lsn < b.lsn ? -1 : 1));
}

const rowsOf = (result: ReturnType<typeof reduced>) =>
  transactions(result).map((one) => [one.xid, one.work.rows.reduce((sum, row) => sum + row.deleted, 0)]);

describe('what a transaction did', () => {
  test('counts once it commits, and not at all when it is rolled back', () => {
    const result = reduced([
      running(0x28, 700),
      deletedRowText(700, lsnAt(0x100)),
      deletedRowText(701, lsnAt(0x140)),
      line('Transaction', 701, 0x180, `ABORT ${stamp}`),
      commitText(700, start + 0x1c0),
    ]);
    expect(rowsOf(result)).toEqual([[700, 1]]);
    expect(result.facts.get(1)).toMatchObject({ commits: 1, aborts: 1, xidMin: 700, xidMax: 701 });
  });

  test('holds the work of its subtransactions, without those that were rolled back', () => {
    const result = reduced([
      running(0x28, 700),
      deletedRowText(700, lsnAt(0x100)),
      deletedRowText(701, lsnAt(0x140)),
      line('Transaction', 701, 0x180, `ABORT ${stamp}`),
      deletedRowText(702, lsnAt(0x1c0)),
      line('Transaction', 700, 0x200, `COMMIT ${stamp}; subxacts: 702`),
    ]);
    expect(rowsOf(result)).toEqual([[700, 2]]);
    expect(result.carry.open).toEqual([]);
  });

  test('is not mixed with that of others, who take turns with it', () => {
    const turns = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(turns, (order) => {
        const rows = order.map((who, index) => deletedRowText(700 + who, lsnAt(0x100 + index * 8)));
        const commits = [...new Set(order)].map((who, index) => commitText(700 + who, start + 0x1000 + index * 8));
        const counts = [...new Set(order)].map((who) => [700 + who, order.filter((one) => one === who).length]);
        expect(rowsOf(reduced([running(0x28, 700), ...rows, ...commits]))).toEqual(counts);
      }),
      { numRuns: 50 },
    );
  });

  test('does not leak into the next transaction that gets the same memory', () => {
    const result = reduced([
      running(0x28, 700),
      line('Storage', 700, 0x100, 'CREATE base/5/16385'),
      deletedRowText(700, lsnAt(0x200)),
      commitText(700, start + 0x240),
      deletedRowText(701, lsnAt(0x280), '1663/5/20000'),
      commitText(701, start + 0x2c0),
    ]);
    const [, second] = transactions(result);
    expect(second?.work).toMatchObject({ created: [], rows: [{ file: '1663/5/20000', deleted: 1, updated: 0 }] });
  });

  test('in a catalogue is told by the OID of the catalogue, also where its file was rewritten', () => {
    const lines = [
      running(0x28, 700),
      deletedRowText(700, lsnAt(0x100), '1663/5/1259'),
      deletedRowText(700, lsnAt(0x140), '1663/5/17777'),
      deletedRowText(700, lsnAt(0x180), '1663/5/2619'),
      commitText(700, start + 0x1c0),
    ];
    const [told] = transactions(reduced(lines, { catalogues: new Map([['1663/5/17777', 1249]]) }));
    expect(told?.work).toMatchObject({
      rows: [],
      catalogues: [
        { oid: 1259, changed: 1 },
        { oid: 1249, changed: 1 },
      ],
    });
    const [taken] = transactions(reduced(lines));
    expect(taken?.work.rows).toEqual([{ file: '1663/5/17777', deleted: 1, updated: 0 }]);
  });

  test('and did not finish before the server crashed never counts', () => {
    const result = reduced([
      running(0x28, 700),
      deletedRowText(700, lsnAt(0x100)),
      deletedRowText(701, lsnAt(0x140)),
      running(0x180, 703, 701),
      commitText(701, start + 0x1c0),
    ]);
    expect(rowsOf(result)).toEqual([[701, 1]]);
    expect(result.carry.open).toEqual([]);
  });

  test('and was prepared counts where it is committed, by its own number', () => {
    const lines = [
      running(0x28, 700),
      deletedRowText(700, lsnAt(0x100)),
      deletedRowText(701, lsnAt(0x140)),
      line('Transaction', 700, 0x180, `PREPARE gid g: ${stamp}; subxacts: 701`),
      running(0x1c0, 705),
    ];
    expect(reduced(lines).carry.open).toMatchObject([{ xid: 700, prepared: true, work: { rows: [{ deleted: 2 }] } }]);
    const committed = reduced([...lines, line('Transaction', 0, 0x200, `COMMIT_PREPARED 700: ${stamp}`)]);
    expect(rowsOf(committed)).toEqual([[700, 2]]);
    expect(committed.facts.get(1)?.points.map((one) => one.is)).toEqual(['prepared', 'prepared-ended']);
    const rolledBack = reduced([...lines, line('Transaction', 0, 0x200, `ABORT_PREPARED 700: ${stamp}`)]);
    expect(rowsOf(rolledBack)).toEqual([]);
    expect(rolledBack.carry.open).toEqual([]);
  });
});

describe('a number is a lower bound', () => {
  const work = [deletedRowText(700, lsnAt(0x100)), commitText(700, start + 0x140)];
  const isAtLeast = (lines: readonly string[]) => transactions(reduced(lines)).map((one) => one.work.atLeast);

  test('where the transaction may have begun before what was read', () => {
    expect(isAtLeast(work)).toEqual([true]);
    expect(isAtLeast([running(0x28, 701, 699), ...work])).toEqual([true]);
    expect(isAtLeast([running(0x28, 700, 699), ...work])).toEqual([false]);
  });

  test('until every transaction of that time has ended', () => {
    const lines = [running(0x28, 701, 699), running(0x60, 705, 702), ...work];
    expect(reduced(lines).carry.unseenUpTo).toBeNull();
    expect(reduced([running(0x28, 701, 699)]).carry.unseenUpTo).toBe(700);
  });

  test('across the end of the circle of numbers too', () => {
    const high = 4_294_967_290;
    const young = [deletedRowText(5, lsnAt(0x100)), commitText(5, start + 0x140)];
    const old = [deletedRowText(high - 1, lsnAt(0x100)), commitText(high - 1, start + 0x140)];
    expect(isAtLeast([running(0x28, high, high - 3), ...young])).toEqual([false]);
    expect(isAtLeast([running(0x28, high, high - 3), ...old])).toEqual([true]);
  });

  test('where a prepared transaction was prepared before what was read', () => {
    const lines = [
      running(0x28, 800),
      line('Transaction', 0, 0x60, `COMMIT_PREPARED 700: ${stamp}; rels: base/5/16385`),
    ];
    expect(isAtLeast(lines)).toEqual([true]);
  });
});

test('a record counts in the segment in which it begins', () => {
  const last = 0x2000000 - 8;
  const { facts } = reduced([running(0x28, 700), commitText(700, last), commitText(701, 0x2000028)]);
  expect([...facts].map(([number, one]) => [number, one.commits, one.firstCommit?.lsn])).toEqual([
    [1, 1, '0/1FFFFF8'],
    [2, 1, '0/2000028'],
  ]);
});

describe.each([15, 17])('WAL of PostgreSQL %i that is read in two parts', (major) => {
  const file = new URL(`../../fixtures/postgresql-${major}/pg_waldump-kinds.txt`, import.meta.url);
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((one) => /^rmgr: (Transaction|Heap|Storage|Standby|XLOG|Database|Tablespace) /.test(one));

  test('says the same as in one, wherever it is cut', () => {
    const whole = reduced(lines);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: lines.length - 1 }), (cut) => {
        const before = reduced(lines.slice(0, cut));
        // pg_waldump prints the record at which it is started once more.
        const behind = reduced(lines.slice(cut - 1), { carry: before.carry });
        const both = [...transactions(before), ...transactions(behind)];
        expect(both).toEqual(transactions(whole));
        expect(behind.carry).toEqual(whole.carry);
        const points = [before, behind].flatMap((one) => [...one.facts.values()].flatMap(({ points }) => points));
        expect(points).toEqual([...whole.facts.values()].flatMap((one) => one.points));
      }),
      { numRuns: 60 },
    );
  });
});
