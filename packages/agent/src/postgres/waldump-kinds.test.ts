import { readFileSync } from 'node:fs';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import type { WalTransactionSummary } from '@barback/shared/operations/wal-index.ts';
import { describe, expect, test } from 'vitest';
import { waldumpRangeArgv } from './argv.ts';
import { reduced, segmentBytes } from './testing/waldump-text.ts';

const fixture = (major: number, name: string) =>
  readFileSync(new URL(`../../fixtures/postgresql-${major}/${name}`, import.meta.url), 'utf8');

const range = { binDirectory: '/b', directory: '/d', timeline: 1, start: '0/0', end: '0/1000000' };
const managers = waldumpRangeArgv(range, 'index').flatMap((argument) => /^--rmgr=(.*)$/.exec(argument)?.slice(1) ?? []);

/** What the index asks pg_waldump for, of all that was captured. */
function askedLines(major: number): string[] {
  const lines = fixture(major, 'pg_waldump-kinds.txt').split('\n');
  return lines.filter((line) => managers.some((manager) => line.startsWith(`rmgr: ${manager} `)));
}

/** Where each statement of the captured SQL begins. */
function statements(major: number): { name: string; position: number }[] {
  const lines = fixture(major, 'pg_waldump-kinds-positions.txt').split('\n');
  return lines.flatMap((line) => {
    const match = /^([^|]+)\|([0-9A-F]+\/[0-9A-F]+)$/.exec(line);
    return match ? [{ name: match[1] ?? '', position: lsnToNumber(match[2] ?? '') }] : [];
  });
}

/** What a transaction did, without the numbers that every cluster chooses for itself. */
function shapeOf({ work }: WalTransactionSummary): string {
  const sum = (what: 'deleted' | 'updated') => work.rows.reduce((all, one) => all + one[what], 0);
  const parts = [
    ...(sum('deleted') > 0 ? [`${sum('deleted')} deleted`] : []),
    ...(sum('updated') > 0 ? [`${sum('updated')} updated`] : []),
    ...(work.created.length > 0 ? [`${work.created.length} created`] : []),
    ...(work.removed.length > 0 ? [`${work.removed.length} removed`] : []),
    ...(work.dropped.length > 0 ? [`${work.dropped.length} dropped`] : []),
    ...(work.locked.length > 0 ? [`${work.locked.length} locked`] : []),
    ...work.databases.map((one) => `database ${one.what}`),
    ...work.catalogues.map((one) => one.oid).toSorted((a, b) => a - b),
  ];
  return parts.join(', ');
}

describe.each([15, 17])('the WAL of every kind of statement of PostgreSQL %i', (major) => {
  const { facts, carry } = reduced(askedLines(major));
  const [[number, segment] = [0, undefined]] = facts;

  test('is read without a line that is not understood, and nothing is left open at its end', () => {
    expect(facts.size).toBe(1);
    expect(number).toBe(Math.floor((statements(major)[0]?.position ?? 0) / segmentBytes));
    expect(carry).toMatchObject({ open: [], unseenUpTo: null });
  });

  test('has every commit and abort, the prepared ones and those of a subtransaction among them', () => {
    const lines = fixture(major, 'pg_waldump-kinds.txt').split('\n');
    const count = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
    expect(segment).toMatchObject({ commits: 37, aborts: 2 });
    expect(count(/^rmgr: Transaction .* desc: COMMIT/)).toBe(37);
    expect(count(/^rmgr: Transaction .* desc: ABORT/)).toBe(2);
    expect(segment?.commitsByTime.reduce((sum, [, commits]) => sum + commits, 0)).toBe(37);
  });

  test('is told per statement: what was destroyed, rewritten and altered', () => {
    const marks = statements(major);
    const told = (segment?.transactions ?? [])
      .map((one) => ({ one, position: lsnToNumber(one.lsn) }))
      .toSorted((a, b) => a.position - b.position)
      .map(({ one, position }) => [marks.findLast((mark) => mark.position <= position)?.name, shapeOf(one)]);
    const created = [undefined, '4 created, 4 locked, 1259'];
    expect(told).toEqual([
      ...Array.from({ length: 6 }, () => created),
      ['drop', '4 removed, 4 dropped, 4 locked, 1247, 1249, 1259, 2606, 2610'],
      ['trunc', '4 created, 4 removed, 4 locked, 1259'],
      ['trunc+insert', '4 created, 4 removed, 4 locked, 1259'],
      ['delete', '4 deleted'],
      ['update', '8 updated'],
      ['rewrite', '5 created, 5 removed, 4 dropped, 8 locked, 1247, 1249, 1259, 2606, 2610'],
      ['vacfull', '4 created, 4 removed, 3 dropped, 7 locked, 1247, 1249, 1259, 2610'],
      ['dropcol', '1 locked, 1249'],
      ['settablespace', '3 created, 3 removed, 3 locked, 1259'],
      ['reindex', '2 created, 2 removed, 2 locked, 1259'],
      ['temp', '1 dropped, 1 locked, 1247, 1249, 1259'],
      ['savepoint', '2 deleted'],
      ['createdb', '2 created, database created'],
      ['dropdb', 'database dropped, 1262'],
      ['createdbcopy', 'database created'],
      ['dropdb', 'database dropped, 1262'],
      ['role', '1260'],
    ]);
  });

  test('claims lower bounds only where a transaction may have begun before what was read', () => {
    const marks = statements(major);
    const cut = (segment?.transactions ?? []).filter((one) => one.work.atLeast);
    expect(cut).toHaveLength(6);
    for (const one of cut) expect(lsnToNumber(one.lsn)).toBeLessThan(marks[0]?.position ?? 0);
  });

  test('names the restore point and the two prepared transactions', () => {
    const points = segment?.points ?? [];
    expect(points.map((one) => one.is)).toEqual([
      'restore-point',
      'prepared',
      'prepared-ended',
      'prepared',
      'prepared-ended',
    ]);
    expect(points[0]).toMatchObject({ name: 'before migration 1' });
  });
});
