import { mkdir, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveWal, takeBackup } from '../lab/barman-backup.ts';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { mustRun } from '../lab/run-command.ts';
import { labUp } from '../lab/up.ts';
import { operationsHost, type OperationsHost, type PlanOperations } from './operations-host.ts';

let lab: Lab;
let operations: OperationsHost;

beforeAll(async () => {
  lab = await labUp({ dir: `/var/tmp/barback-refusals-${process.pid}` });
  operations = await operationsHost(lab);
});

afterAll(async () => {
  await operations?.close();
  if (lab) await labDown(lab.dir);
});

const escaped = `/tmp/barback-escaped-${process.pid}`;

/** Each tries to be more than one read-only query (T5); the pattern is what its author is told. */
const hostile: readonly (readonly [string, RegExp])[] = [
  ['SELECT 1; SELECT 2', /refused: a probe is exactly one statement/],
  ['SELECT 1; COMMIT; DROP TABLE orders', /refused: a probe is exactly one statement/],
  ['RESET ROLE', /refused: a probe is one SELECT/],
  ['SET ROLE postgres', /refused: a probe is one SELECT/],
  [`COPY orders TO PROGRAM 'touch ${escaped}'`, /refused: a probe is one SELECT/],
  [`COPY orders FROM PROGRAM 'touch ${escaped}'`, /refused: a probe is one SELECT/],
  [`\\! touch ${escaped}`, /refused: a probe is one SELECT/],
  [`SELECT 1 \\g |touch ${escaped}`, /refused: a probe is one SELECT/],
  ['COMMIT', /refused: a probe is one SELECT/],
  ["DO $$ BEGIN EXECUTE 'CREATE TABLE e (a int)'; END $$", /refused: a probe is one SELECT/],
  ['WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone', /refused: a probe cannot change data/],
  ['SELECT pg_promote()', /permission denied for function pg_promote/],
  ['SELECT pg_wal_replay_resume()', /permission denied for function pg_wal_replay_resume/],
  ["SELECT pg_read_file('/etc/passwd')", /permission denied for function pg_read_file/],
  ['SELECT rolpassword FROM pg_authid', /refused: the query reads pg_authid/],
  ['SELECT passwd FROM pg_shadow', /refused: the query reads pg_authid/],
  ['SELECT subconninfo FROM pg_subscription', /refused/],
  ["SELECT lo_import('/etc/passwd')", /refused/],
  ["SELECT set_config('role', 'postgres', false)", /permission denied to set role/],
  ["SELECT set_config('transaction_read_only', 'off', false)", /transaction read-write mode/],
  ["SELECT nextval('orders_id_seq')", /refused/],
  ['SELECT pg_sleep(3600)', /time limit/],
  ["SELECT set_config('statement_timeout', '0', false), pg_sleep(3600)", /time limit/],
];

async function askHostile(plan: PlanOperations, phase: 'paused' | 'promoted'): Promise<void> {
  const probes = hostile.map(([text], index) => ({ name: `try ${index}`, database: 'system', sql: text }));
  const result = await plan.run('scratch-probe', { phase, probes, statementTimeoutMs: 1_000 });
  for (const [index, [text, told]] of hostile.entries()) {
    expect(result.probes[index], text).toMatchObject({ ok: false, rows: null });
    expect(result.probes[index]?.error, text).toMatch(told);
  }
  await expect(stat(escaped)).rejects.toThrow('ENOENT');
}

describe('given SQL', () => {
  test('that tries to escape is refused, paused and promoted, with a reason', async () => {
    const plan = operations.plan();
    await plan.copy({ type: 'immediate' });
    await askHostile(plan, 'paused');
    await plan.run('scratch-promote', {});
    await askHostile(plan, 'promoted');
    const good = [
      { name: 'good', database: 'system', sql: 'SELECT 1 AS a, NULL AS a, true AS b FROM generate_series(1, 150)' },
    ];
    const { probes } = await plan.run('scratch-probe', { phase: 'promoted', probes: good, statementTimeoutMs: 1_000 });
    expect(probes[0]?.rows).toHaveLength(100);
    expect(probes[0]?.rows?.[0]).toEqual({ a: '1', a_2: null, b: 't' });
    await plan.run('scratch-discard', {});
  });

  test('waits for the promotion where the backup has no probe role, and is refused for a role that can do more', async () => {
    await sql(lab.postgres, 'DROP ROLE barback_probe');
    await takeBackup(lab);
    const plan = operations.plan();
    await plan.copy({ type: 'immediate' });
    const probes = [{ name: 'count', database: 'system', sql: 'SELECT count(*) FROM orders' }];
    const paused = await plan.run('scratch-probe', { phase: 'paused', probes, statementTimeoutMs: 2_000 });
    expect(paused).toMatchObject({ probes: [], deferred: ['count'] });
    await plan.run('scratch-promote', {});
    const promoted = await plan.run('scratch-probe', { phase: 'promoted', probes, statementTimeoutMs: 2_000 });
    expect(promoted).toMatchObject({ probes: [{ ok: true, rows: [{ count: '1000' }] }], deferred: [] });
    await plan.run('scratch-discard', {});
    await sql(lab.postgres, 'CREATE ROLE barback_probe LOGIN; GRANT pg_execute_server_program TO barback_probe');
    await takeBackup(lab);
    const other = operations.plan();
    await other.copy({ type: 'immediate' });
    const problem = await other.problem('scratch-probe', { phase: 'paused', probes, statementTimeoutMs: 2_000 });
    expect(problem.type).toBe('urn:barback:problem:probe-refused');
    expect(problem.detail).toContain('pg_execute_server_program');
    await other.run('scratch-discard', {});
    await sql(
      lab.postgres,
      'REVOKE pg_execute_server_program FROM barback_probe; GRANT pg_read_all_data TO barback_probe',
    );
    await takeBackup(lab);
  });
});

test('WAL that creates a tablespace is refused before it is replayed into the directory of live; up to there it is not', async () => {
  const directory = `${lab.dir}/pg/made later`;
  const before = (await sql(lab.postgres, 'SELECT pg_current_wal_insert_lsn()')).trim();
  await sql(lab.postgres, `COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; mkdir "${directory}"'`);
  await sql(lab.postgres, `CREATE TABLESPACE later LOCATION '${directory}'`);
  await sql(lab.postgres, "INSERT INTO orders (customer, amount) VALUES ('behind the tablespace', 1)");
  await archiveWal(lab);
  const plan = operations.plan();
  const [backup] = (await plan.run('backup-list', {})).backups;
  const params = {
    backupId: backup?.id ?? '',
    timeline: 1,
    tablespaces: [],
    jobs: 1,
    bandwidthKBps: null,
    expectBytes: 1,
  };
  const problem = await plan.problem('scratch-recover', { ...params, target: { type: 'latest' } });
  expect(problem).toMatchObject({ type: 'urn:barback:problem:tablespace-created', facts: { path: directory } });
  await plan.run('scratch-discard', {});
  const upTo = { type: 'lsn', lsn: before, inclusive: false } as const;
  expect((await plan.run('scratch-recover', { ...params, target: upTo })).wal.segments).toBeGreaterThan(0);
  await plan.run('scratch-discard', {});
  await sql(lab.postgres, 'DROP TABLESPACE later');
  await takeBackup(lab);
});

test('a copy paused just before a DROP reports the table as locked, by its limit, and has its rows once promoted', async () => {
  await sql(lab.postgres, 'CREATE TABLE doomed AS SELECT generate_series(1, 77) AS id');
  // Its lock is in WAL before its commit is.
  const dropped = await sql(lab.postgres, 'BEGIN; DROP TABLE doomed; SELECT pg_current_wal_insert_lsn(); COMMIT');
  const before = /[0-9A-F]+\/[0-9A-F]+/.exec(dropped)?.[0] ?? '';
  await archiveWal(lab);
  const plan = operations.plan();
  await plan.copy({ type: 'lsn', lsn: before, inclusive: false });
  const probes = [{ name: 'doomed', database: 'system', sql: 'SELECT count(*) FROM doomed' }];
  const paused = await plan.run('scratch-probe', { phase: 'paused', probes, statementTimeoutMs: 1_000 });
  const table = { database: 'system', schema: 'public', table: 'doomed' };
  expect(paused.tables).toContainEqual({
    ...table,
    rows: null,
    note: 'locked by the transaction that is being undone',
  });
  expect(paused.probes[0]?.error).toMatch(/^blocked|^time limit/);
  await plan.run('scratch-promote', {});
  const promoted = await plan.run('scratch-probe', { phase: 'promoted', probes, statementTimeoutMs: 1_000 });
  expect(promoted.tables).toContainEqual({ ...table, rows: 77, note: null });
  expect(promoted.probes[0]?.rows).toEqual([{ count: '77' }]);
  await plan.run('scratch-discard', {});
});

test("leases are counted, and the last release restores the operator's own keep", async () => {
  const [one, two] = [operations.plan(), operations.plan()];
  const backupId = (await one.run('backup-list', {})).backups[0]?.id ?? '';
  const keep = async () =>
    /Keep: (\w+)/.exec(await mustRun([...lab.barman.argv, 'keep', '--status', 'main', backupId]))?.[1];
  for (const own of ['standalone', 'full', null] as const) {
    if (own) await mustRun([...lab.barman.argv, 'keep', '--target', own, 'main', backupId]);
    const previous = own ?? 'none';
    expect(await one.observe('backup-lease', { backupId })).toEqual({ is: 'absent' });
    expect(await one.run('backup-lease', { backupId })).toEqual({ previous, leases: 1 });
    expect(await one.run('backup-lease', { backupId })).toEqual({ previous, leases: 1 });
    expect(await two.run('backup-lease', { backupId })).toEqual({ previous, leases: 2 });
    expect(await keep()).toBe('full');
    expect(await one.run('backup-release', { backupId })).toEqual({ restored: 'full', leases: 1 });
    expect(await keep()).toBe('full');
    expect(await two.run('backup-release', { backupId })).toEqual({ restored: previous, leases: 0 });
    expect(await two.run('backup-release', { backupId })).toEqual({ restored: previous, leases: 0 });
    expect(await keep()).toBe(own ?? 'nokeep');
    if (own) await mustRun([...lab.barman.argv, 'keep', '--release', 'main', backupId]);
  }
});

describe('before a byte is copied', () => {
  test('a hole in the WAL of the backup is named', async () => {
    const plan = operations.plan();
    const backup = (await plan.run('backup-list', {})).backups[0];
    const needed = backup?.endWal ?? '';
    const file = path.join(lab.barman.home, 'main', 'wals', needed.slice(0, 16), needed);
    await rename(file, `${file}.away`);
    const latest = operations.plan();
    try {
      for (const [one, type] of [
        [plan, 'immediate'],
        [latest, 'latest'],
      ] as const) {
        const problem = await one.recover({ type }).then(
          () => undefined,
          (error: { problem?: unknown }) => error.problem,
        );
        expect(problem).toMatchObject({ type: 'urn:barback:problem:wal-missing', facts: { segment: needed } });
      }
    } finally {
      await rename(`${file}.away`, file);
    }
    expect(await besideData(plan)).toEqual([]);
  });

  test('a place that is taken, even by a symbolic link to live, is refused and left alone', async () => {
    const plan = operations.plan();
    const place = `${lab.postgres.dataDir}.restore-${plan.plan}`;
    await symlink(lab.postgres.dataDir, place);
    const refused = await plan.recover({ type: 'immediate' }).then(
      () => undefined,
      (error: { problem?: unknown }) => error.problem,
    );
    expect(refused).toMatchObject({ type: 'urn:barback:problem:scratch-exists' });
    expect(await plan.run('scratch-discard', {})).toEqual({ existed: false });
    expect((await stat(path.join(lab.postgres.dataDir, 'PG_VERSION'))).isFile()).toBe(true);
    await rm(place);
  });

  test('too little room is refused before, and while production would fall below its floor', async () => {
    const host = await operationsHost(lab, { freeBytesFloor: 2 ** 52 });
    const problem = await host
      .plan()
      .recover({ type: 'immediate' })
      .then(
        () => undefined,
        (error: { problem?: unknown }) => error.problem,
      );
    expect(problem).toMatchObject({ type: 'urn:barback:problem:insufficient-space' });
    await host.close();
  });
});

test('a discard never deletes a directory that took the place of the copy', async () => {
  const plan = operations.plan();
  await plan.recover({ type: 'immediate' });
  const place = `${lab.postgres.dataDir}.restore-${plan.plan}`;
  await rename(place, `${place}-moved`);
  await mkdir(path.join(place, 'precious'), { recursive: true });
  expect((await plan.problem('scratch-discard', {})).type).toBe('urn:barback:problem:location-unsafe');
  expect(await readdir(place)).toEqual(['precious']);
  await rm(place, { recursive: true });
  await rename(`${place}-moved`, place);
  expect(await plan.run('scratch-discard', {})).toEqual({ existed: true });
});

async function besideData(plan: PlanOperations): Promise<string[]> {
  const names = await readdir(path.dirname(lab.postgres.dataDir));
  return names.filter((name) => name.includes(plan.plan));
}
