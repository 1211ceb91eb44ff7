import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { recordText } from './testing/waldump-text.ts';
import { parseWaldumpLine } from './waldump-line.ts';

const parsed = (manager: string, description: string, xid = 700) =>
  parseWaldumpLine(recordText({ manager, xid, lsn: '0/1000028', description }));

const at = { xid: 700, lsn: '0/1000028' };

describe('a record of WAL', () => {
  test('is placed without the leading zeros that pg_waldump prints', () => {
    const text = recordText({ manager: 'XLOG', xid: 0, lsn: '1/28', description: 'SWITCH ' });
    expect(text).toContain('lsn: 1/00000028,');
    expect(parseWaldumpLine(text)).toEqual({ is: 'other', xid: 0, lsn: '1/28' });
  });

  test.each([
    ['one', 'one'],
    ['before migration 1', 'before migration 1'],
    ['desc: COMMIT 2026-11-24 16:20:00 UTC', 'desc: COMMIT 2026-11-24 16:20:00 UTC'],
  ])('of the restore point %j is told by its name', (name, told) => {
    expect(parsed('XLOG', `RESTORE_POINT ${name}`)).toEqual({ is: 'restore-point', name: told, ...at });
  });

  test('of a promotion tells both timelines and the second', () => {
    const description = 'END_OF_RECOVERY tli 3; prev tli 2; time 2026-11-24 16:20:00.000000 UTC';
    const expected = { is: 'end-of-recovery', timeline: 3, from: 2, time: 1_795_537_200_000_000 };
    expect(parsed('XLOG', description)).toEqual({ ...expected, ...at });
    expect(parsed('XLOG', description.replace('UTC', 'CET'))).toBeUndefined();
    // As PostgreSQL 17.9 prints it.
    expect(parsed('XLOG', `${description}; wal_level replica`)).toEqual(parsed('XLOG', description));
    expect(parsed('XLOG', 'END_OF_RECOVERY tli 3')).toBeUndefined();
  });

  test('of changed parameters tells each', () => {
    const description =
      'PARAMETER_CHANGE max_connections=100 max_worker_processes=8 wal_level=replica wal_log_hints=off';
    expect(parsed('XLOG', description)).toMatchObject({
      is: 'parameters',
      settings: { max_connections: '100', max_worker_processes: '8', wal_level: 'replica', wal_log_hints: 'off' },
    });
  });

  test('of a tablespace tells its directory, quotes and blanks included', () => {
    expect(parsed('Tablespace', 'CREATE 16422 "/srv/a "b" c"')).toMatchObject({
      is: 'tablespace-created',
      oid: 16_422,
      path: '/srv/a "b" c',
    });
    expect(parsed('Tablespace', 'DROP 16422')).toMatchObject({ is: 'tablespace-dropped', oid: 16_422 });
    expect(parsed('Tablespace', 'DROP')).toBeUndefined();
    expect(parsed('Tablespace', 'CREATE 16422')).toBeUndefined();
  });

  test('of a database tells the new one, however it is copied, and the dropped one in every tablespace', () => {
    expect(parsed('Database', 'CREATE_FILE_COPY copy dir 1663/1 to 1663/16511')).toMatchObject({ oid: 16_511 });
    expect(parsed('Database', 'CREATE_WAL_LOG create dir 1663/16510')).toMatchObject({ oid: 16_510 });
    const dropped = parsed('Database', 'DROP dir 1663/16510 16422/16510');
    expect(dropped).toEqual({ is: 'database-dropped', oid: 16_510, ...at });
    expect(parsed('Database', 'DROP dir')).toBeUndefined();
  });

  test('of a created file counts for the main fork only', () => {
    expect(parsed('Storage', 'CREATE base/5/16385')).toMatchObject({ is: 'created', file: '1663/5/16385' });
    expect(parsed('Storage', 'CREATE pg_tblspc/16422/PG_15_202209061/5/16385')).toMatchObject({
      file: '16422/5/16385',
    });
    for (const other of ['CREATE base/5/16385_fsm', 'CREATE base/5/16385_init', 'TRUNCATE base/5/16385 to 0 blocks'])
      expect(parsed('Storage', other), other).toEqual({ is: 'other', ...at });
  });

  test('of locks tells each with the transaction that holds it', () => {
    expect(parsed('Standby', 'LOCK xid 7 db 5 rel 16385 xid 8 db 5 rel 16386 ')).toMatchObject({
      locks: [
        { xid: 7, database: 5, oid: 16_385 },
        { xid: 8, database: 5, oid: 16_386 },
      ],
    });
  });

  test('of running transactions tells from where all are known', () => {
    const description = 'RUNNING_XACTS nextXid 746 latestCompletedXid 743 oldestRunningXid 744; 2 xacts: 744 745';
    expect(parsed('Standby', description)).toMatchObject({ is: 'running', nextXid: 746, oldestXid: 744 });
    expect(parsed('Standby', 'RUNNING_XACTS nextXid 746')).toBeUndefined();
  });

  test('that is none, or of a manager that nobody asked for, says nothing', () => {
    expect(parseWaldumpLine('pg_waldump: error: x')).toBeUndefined();
    expect(parsed('Btree', 'INSERT_LEAF off 1')).toBeUndefined();
  });
});

describe('the end of a transaction', () => {
  const stamp = '2026-11-24 16:20:00.5 UTC';
  const time = 1_795_537_200_500_000;

  test('tells everything that it removes, and of subtransactions and dropped relations', () => {
    const description = `COMMIT ${stamp}; rels: base/5/16385 base/5/16386_fsm pg_tblspc/9/PG_17_202406281/5/1; subxacts: 701 702; dropped stats: 2/5/16385 1/5/0; inval msgs: catcache 80 relcache 16443 smgr; sync`;
    expect(parsed('Transaction', description)).toEqual({
      ...at,
      is: 'transaction',
      end: {
        kind: 'commit',
        xid: null,
        time,
        removed: ['1663/5/16385', '9/5/1'],
        subxacts: [701, 702],
        dropped: [{ database: 5, oid: 16_385 }],
        prepared: false,
      },
    });
  });

  test('of a prepared one names the transaction itself, not the one that ended it', () => {
    expect(parsed('Transaction', `COMMIT_PREPARED 781: ${stamp}`, 0)).toMatchObject({
      end: { kind: 'commit', xid: 781, prepared: true },
    });
    expect(parsed('Transaction', `ABORT_PREPARED 782: ${stamp}; rels: base/5/1`, 0)).toMatchObject({
      end: { kind: 'abort', xid: 782, prepared: true },
    });
  });

  test('that was prepared tells what a commit would remove, and nothing of an abort', () => {
    const description = `PREPARE gid g; 1: ${stamp}; rels(commit): base/5/1; rels(abort): base/5/2; commit dropped stats: 2/5/3; abort dropped stats: 2/5/4; subxacts: 9`;
    expect(parsed('Transaction', description)).toMatchObject({
      end: { kind: 'prepare', removed: ['1663/5/1'], dropped: [{ database: 5, oid: 3 }], subxacts: [9] },
    });
  });

  test('with a word that is not known is refused: it may say what was destroyed', () => {
    for (const more of ['; truncated: base/5/1', ' and more', '; rels:', '; subxacts: x', '; inval msgs: unknown 5'])
      expect(parsed('Transaction', `COMMIT ${stamp}${more}`), more).toBeUndefined();
    for (const other of [`COMMIT ${stamp.replace('UTC', 'CET')}`, 'COMMIT', 'ABORT 2026-13-01 00:00:00 UTC'])
      expect(parsed('Transaction', other), other).toBeUndefined();
  });

  test('is not an assignment, nor an invalidation', () => {
    for (const other of ['ASSIGNMENT xtop 731: subxacts: 732', 'INVALIDATION ; inval msgs: catcache 7'])
      expect(parsed('Transaction', other), other).toEqual({ is: 'other', ...at });
  });

  test.each([15, 17])('is understood in every captured line of PostgreSQL %i', (major) => {
    for (const name of ['pg_waldump-transaction.txt', 'pg_waldump-partial.txt', 'pg_waldump-xlog.txt']) {
      const file = new URL(`../../fixtures/postgresql-${major}/${name}`, import.meta.url);
      const lines = readFileSync(file, 'utf8').split('\n');
      for (const line of lines.filter((one) => one !== '')) expect(parseWaldumpLine(line), line).toBeDefined();
    }
  });
});
