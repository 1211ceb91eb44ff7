import { readFileSync } from 'node:fs';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { describe, expect, test } from 'vitest';
import { parseAmcheck, parseAmcheckProgress } from './amcheck.ts';
import { parseAutoConf, parseLibraryList, reportableLine } from './auto-conf.ts';
import { parseControlData } from './control-data.ts';
import { parsePostmasterPid } from './postmaster-pid.ts';
import { roleObjections } from './probe-role.ts';
import { countScript, parseCounts, type CatalogueTable } from './table-counts.ts';
import { manifestTotals, parseVerifyBackup } from './verify-backup.ts';
import { compressionOf, decompressArgv } from './wal-compression.ts';
import { isEndOfWal, parseWalTransactions } from './wal-transactions.ts';

const fixture = (name: string, major = 15) =>
  readFileSync(new URL(`../../fixtures/postgresql-${major}/${name}`, import.meta.url), 'utf8');

test.each([
  [15, '7711291178023169058'],
  [17, '7711772735205269544'],
])('pg_controldata of PostgreSQL %i gives what a copy needs at least', (major, systemIdentifier) => {
  expect(parseControlData(fixture('pg_controldata-backup.txt', major))).toMatchObject({
    systemIdentifier,
    state: 'in production',
    redoLsn: '0/3000028',
    timeline: 1,
    segmentBytes: 16_777_216,
    maxConnections: 50,
    maxWalSenders: 10,
    checksums: true,
  });
  expect(() => parseControlData('pg_control version number: 1300')).toThrow('"Database system identifier" is missing');
});

describe('transactions in the WAL', () => {
  test('are read with xid, position and microseconds', () => {
    const [found] = parseWalTransactions(fixture('pg_waldump-partial.txt'));
    expect(found).toMatchObject({ kind: 'commit', xid: 759, lsn: '0/A000060' });
    expect(found && formatInstant(found.time)).toBe('2026-11-23T09:10:03.028095Z');
    expect(parseWalTransactions(fixture('pg_waldump-transaction.txt')).map((one) => one.xid)).toContain(757);
  });

  test('are read of PostgreSQL 17 too, aborted and prepared ones among them', () => {
    const ends = (name: string) => parseWalTransactions(fixture(name, 17)).map((one) => [one.kind, one.xid]);
    expect(ends('pg_waldump-partial.txt')).toEqual([
      ['commit', 766],
      ['commit', 767],
    ]);
    expect(ends('pg_waldump-transaction.txt')).toContainEqual(['commit', 761]);
    expect(ends('pg_waldump-transaction.txt')).toContainEqual(['abort', 763]);
    expect(ends('pg_waldump-kinds.txt')).toContainEqual(['commit', 806]);
    expect(ends('pg_waldump-kinds.txt')).toContainEqual(['abort', 807]);
  });

  test('count when they were prepared, and preparing ends nothing', () => {
    const record = (tx: number, description: string) =>
      `rmgr: Transaction len (rec/tot):     46/    46, tx:        ${tx}, lsn: 0/017B2A10, prev 0/017B29D8, desc: ${description}`;
    const text = [
      record(731, 'PREPARE gid g: 2026-11-23 09:10:03.028095 UTC'),
      record(0, 'COMMIT_PREPARED 731: 2026-11-23 09:10:04.000001 UTC; rels: base/5/16385'),
      record(0, 'ABORT_PREPARED 732: 2026-11-23 09:10:05 UTC'),
      record(733, 'ABORT 2026-11-23 09:10:06.5 UTC'),
      record(734, 'INVALIDATION ; inval msgs: catcache 7'),
    ].join('\n');
    expect(parseWalTransactions(text).map((one) => [one.kind, one.xid])).toEqual([
      ['commit', 731],
      ['abort', 732],
      ['abort', 733],
    ]);
  });

  test('in a local time are refused: the instant would be wrong', () => {
    const text = fixture('pg_waldump-partial.txt').replace(' UTC', ' CET');
    expect(() => parseWalTransactions(text)).toThrow('cannot read a line of pg_waldump');
  });

  test('end at the end of valid WAL, and other errors are errors', () => {
    for (const major of [15, 17]) expect(isEndOfWal(fixture('pg_waldump-partial.stderr.txt', major))).toBe(true);
    expect(isEndOfWal('pg_waldump: error: unrecognized argument')).toBe(false);
  });
});

test.each([
  [15, 'pg_tblspc/16422/PG_15_202209061/16387/16423', ['extra', 'base/5/1259', 'PG_VERSION']],
  [17, 'pg_tblspc/16423/PG_17_202406281/16388/16424', ['PG_VERSION', 'extra', 'base/5/1259']],
])('pg_verifybackup of PostgreSQL %i names every file that differs', (major, inTablespace, several) => {
  const files = (name: string) => parseVerifyBackup(fixture(name, major)).map((one) => one.file);
  expect(files('pg_verifybackup-ok.txt')).toEqual([]);
  expect(files('pg_verifybackup-flipped-byte.txt')).toEqual(['base/5/1259']);
  expect(files('pg_verifybackup-flipped-byte-tablespace.txt')).toEqual([inTablespace]);
  expect(files('pg_verifybackup-missing-extra-size.txt')).toEqual(several);
});

test('a backup manifest says how many files and bytes it covers', () => {
  expect(manifestTotals('{"Files": [{"Path": "a", "Size": 3}, {"Path": "b", "Size": 4}]}')).toEqual({
    files: 2,
    bytes: 7,
  });
});

test('postgresql.auto.conf is read as PostgreSQL reads it, and secrets are not repeated', () => {
  const settings = parseAutoConf(
    "# comment\narchive_mode = 'on'\nWork_Mem = 4MB\nprimary_conninfo = 'password=''x'' y'\n",
  );
  expect(settings.map((one) => [one.name, one.value])).toEqual([
    ['archive_mode', 'on'],
    ['work_mem', '4MB'],
    ['primary_conninfo', "password='x' y"],
  ]);
  expect(settings.map(reportableLine)).toEqual([
    "archive_mode = 'on'",
    'Work_Mem = 4MB',
    'primary_conninfo = (hidden)',
  ]);
  expect(parseLibraryList('pg_stat_statements, "a, b",pg_cron')).toEqual(['pg_stat_statements', 'a, b', 'pg_cron']);
});

test('postmaster.pid names a process and a directory; anything else names nothing', () => {
  const text = '4711\n/pg/data\n1795424933\n5432\n/run\n\n 123 456\nready   \n';
  expect(parsePostmasterPid(text)).toEqual({ pid: 4711, dataDirectory: '/pg/data', status: 'ready' });
  for (const other of ['', '-1\n/pg', '1\n/pg', 'x\n/pg', '4711\n']) expect(parsePostmasterPid(other)).toBeUndefined();
});

test('a role that can do more than read is refused, by each of its rights', () => {
  const reader = {
    exists: true,
    login: true,
    superuser: false,
    createRole: false,
    createDb: false,
    replication: false,
  };
  const role = { ...reader, bypassRls: false, memberOf: [] };
  expect(roleObjections(role)).toEqual([]);
  const rights = { login: false, superuser: true, createRole: true, createDb: true, replication: true };
  for (const [name, value] of Object.entries(rights))
    expect(roleObjections({ ...role, [name]: value }), name).toHaveLength(1);
  expect(roleObjections({ ...role, memberOf: ['pg_write_server_files'] })).toEqual([
    'it is a member of pg_write_server_files',
  ]);
});

describe('counting tables', () => {
  const table = (name: string, more: Partial<CatalogueTable> = {}): CatalogueTable => {
    const base = {
      schema: 'public',
      table: name,
      quoted: `public.${name}`,
      kind: 'r',
      unlogged: false,
      populated: true,
    };
    return { ...base, ...more };
  };
  const options = { statementTimeoutMs: 1000, locked: 'locked by it', inRecovery: true };

  test('gives each table a statement of its own, so that one error spoils one count', () => {
    expect(countScript([table('a'), table('b')])).toBe(
      '\\set ON_ERROR_STOP off\n\\echo T 0\nSELECT count(*) FROM ONLY public.a;\n\\echo E :SQLSTATE\n' +
        '\\echo T 1\nSELECT count(*) FROM ONLY public.b;\n\\echo E :SQLSTATE\n',
    );
  });

  test('says why a count is missing', () => {
    const tables = [
      table('a'),
      table('b'),
      table('c'),
      table('u', { unlogged: true }),
      table('m', { kind: 'm', populated: false }),
      table('z'),
    ];
    const printed = 'T 0\n7\nE 00000\nT 1\nE 55P03\nT 2\nE 57014\nT 3\nE 0A000\nT 4\nE 55000\nT 5\n';
    const counts = parseCounts(printed, tables, 'system', options);
    expect(counts.map((one) => [one.rows, one.note])).toEqual([
      [7, null],
      [null, 'locked by it'],
      [null, 'the count took longer than 1000 ms'],
      [null, 'unlogged: empty after a restore'],
      [null, 'the materialized view holds no data'],
      [null, 'the connection ended before it was counted'],
    ]);
  });
});

test('pg_amcheck: each damaged relation once, and how many were checked', () => {
  const printed =
    'heap table "system.public.orders", block 0, offset 1:\n    line pointer is wrong\nheap table "system.public.orders", block 0, offset 2:\n    again\nbtree index "system.public.orders_pkey":\n    ERROR:  item order invariant violated\n';
  expect(parseAmcheck(printed)).toEqual([
    { relation: 'system.public.orders', message: 'line pointer is wrong' },
    { relation: 'system.public.orders_pkey', message: 'ERROR:  item order invariant violated' },
  ]);
  const progress =
    '  0/815 relations (  0%),    0/1911 pages (  0%)\r815/815 relations (100%), 1911/1911 pages (100%)\n';
  expect(parseAmcheckProgress(progress)).toEqual({ done: 815, total: 815, pages: 1911 });
});

test('compressed WAL is known by its first bytes', () => {
  expect(compressionOf(Buffer.from([0x1f, 0x8b, 8, 0]))).toBe('gzip');
  expect(compressionOf(Buffer.from('BZh9'))).toBe('bzip2');
  expect(compressionOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))).toBe('zstd');
  expect(compressionOf(Buffer.from([0x10, 0xd1, 0, 0]))).toBeUndefined();
  expect(decompressArgv('gzip', ['/w/S.gz'])).toEqual(['/usr/bin/gzip', '-d', '-f', '--', '/w/S.gz']);
});
