import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { recoverArguments } from '@barback/agent/barman/argv.ts';
import { scratchPlace } from '@barback/agent/operations/scratch-place.ts';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { archiveWal, takeBackup } from '../lab/barman-backup.ts';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { asUser, mustRun } from '../lab/run-command.ts';
import { labUp } from '../lab/up.ts';
import { flipByte } from '../support/flip-byte.ts';
import { changeAccess, changedAccess } from './changed-access.ts';
import { operationsHost, type OperationsHost, type PlanOperations } from './operations-host.ts';
import { withWaitingBarman } from './waiting-barman.ts';

let lab: Lab;
let operations: OperationsHost;

/** T1: each of them, once in the backup's postgresql.auto.conf, would break the isolation of a copy. */
const hostile: Readonly<Record<string, string>> = {
  archive_mode: 'on',
  archive_command: "'touch /tmp/barback-copy-archived'",
  listen_addresses: "'*'",
  shared_preload_libraries: 'pg_stat_statements, passwordcheck',
  synchronous_standby_names: "'nobody'",
  recovery_target_name: "'left over'",
  restore_command: "'touch /tmp/barback-copy-restored'",
  logging_collector: 'on',
  ssl: 'on',
  primary_conninfo: "'host=203.0.113.1'",
  session_preload_libraries: "'auto_explain'",
};

beforeAll(async () => {
  lab = await labUp({ dir: `/var/tmp/barback-operations-${process.pid}`, tablespace: true });
  for (const [name, value] of Object.entries(hostile)) await sql(lab.postgres, `ALTER SYSTEM SET ${name} = ${value}`);
  await takeBackup(lab);
  await sql(lab.postgres, 'ALTER SYSTEM RESET ALL');
  operations = await operationsHost(lab);
});

afterAll(async () => {
  await operations?.close();
  if (lab) await labDown(lab.dir);
});

/** Answers where the next record after the insert's commit begins. */
async function insert(customer: string): Promise<string> {
  await sql(lab.postgres, `INSERT INTO orders (customer, amount) VALUES ('${customer}', 1)`);
  return (await sql(lab.postgres, 'SELECT pg_current_wal_insert_lsn()')).trim();
}

async function askCopy(plan: PlanOperations, query: string, phase: 'paused' | 'promoted' = 'paused') {
  const probes = [{ name: 'asked', database: 'system', sql: query }];
  return (await plan.run('scratch-probe', { phase, probes, statementTimeoutMs: 3_000 })).probes[0];
}

describe('a copy of a real backup', () => {
  test('stops at the end of the base backup, is verified file by file, promotes, passes amcheck, and leaves nothing', async () => {
    const plan = operations.plan();
    expect(await plan.observe('scratch-recover', {} as never)).toEqual({ is: 'absent' });
    const recovered = await plan.recover({ type: 'immediate' });
    expect(recovered.wal.segments).toBeGreaterThan(0);
    const backup = (await plan.run('backup-list', {})).backups[0];
    const backupId = backup?.id ?? '';
    expect((await plan.run('scratch-verify-manifest', { backupId })).manifest).toBe('verified');
    const started = await plan.start({ type: 'immediate' });
    expect(await plan.start({ type: 'immediate' })).toEqual(started);
    const stop = await plan.run('scratch-replay', { timeline: 1, target: { type: 'immediate' }, expect: null });
    expect(stop).toMatchObject({ outcome: 'paused', evidence: 'recovery stopping after reaching consistency' });
    expect(
      (await plan.observe('scratch-replay', { timeline: 1, target: { type: 'immediate' }, expect: null })).result,
    ).toEqual(stop);
    const probed = await plan.run('scratch-probe', { phase: 'paused', probes: [], statementTimeoutMs: 5_000 });
    expect(probed.tables).toContainEqual({
      database: 'system',
      schema: 'public',
      table: 'archive_orders',
      rows: 100,
      note: null,
    });
    expect((await plan.run('scratch-promote', {})).timeline).toBe(2);
    await changeAccess(lab);
    expect(await plan.run('scratch-compare', {})).toEqual({ available: true, count: 5, differences: changedAccess });
    expect((await plan.run('scratch-amcheck', { level: 'all', jobs: 1 })).relations).toBeGreaterThan(100);
    expect(await plan.run('scratch-stop', {})).toEqual({ wasRunning: true, state: 'shut down' });
    expect(await plan.run('scratch-discard', {})).toEqual({ existed: true });
    expect(await plan.run('scratch-discard', {})).toEqual({ existed: false });
    const left = await readdir(path.dirname(lab.postgres.dataDir));
    expect(left.filter((name) => name.includes(plan.plan))).toEqual([]);
  });

  test('of "latest" has the rows that exist only in streaming/*.partial, and live agrees row by row', async () => {
    await insert('only in the partial segment');
    const plan = operations.plan();
    const recovered = await poll('the row in streaming/', 30_000, async () => plan.recover({ type: 'latest' }));
    expect(recovered.wal.partial).toBe(recovered.wal.last);
    await plan.start({ type: 'latest' });
    const stop = await plan.run('scratch-replay', { timeline: 1, target: { type: 'latest' }, expect: null });
    expect(stop).toMatchObject({ outcome: 'promoted', timeline: 2, firstSkipped: null });
    const newest = await askCopy(plan, 'SELECT customer FROM orders ORDER BY id DESC LIMIT 1', 'promoted');
    expect(newest).toMatchObject({ ok: true, rows: [{ customer: 'only in the partial segment' }] });
    const copied = await plan.run('scratch-probe', { phase: 'promoted', probes: [], statementTimeoutMs: 5_000 });
    const live = await plan.run('live-count', { statementTimeoutMs: 5_000 });
    expect(live).toEqual({ available: true, tables: copied.tables });
    expect(await plan.run('scratch-compare', {})).toEqual({ available: true, count: 0, differences: [] });
    await sql(lab.postgres, "ALTER ROLE clerk PASSWORD 'three'");
    const password = { what: 'password', name: 'clerk', copy: 'set', live: 'set' };
    expect(await plan.run('scratch-compare', {})).toEqual({ available: true, count: 1, differences: [password] });
    await plan.run('scratch-discard', {});
  });

  test('of a position stops just before the record there and names the transactions on both sides', async () => {
    const behindKept = await insert('kept');
    await insert('undone');
    await archiveWal(lab);
    const plan = operations.plan();
    const stop = await plan.copy({ type: 'lsn', lsn: behindKept, inclusive: false });
    expect(stop.outcome).toBe('paused');
    expect(stop.evidence).toMatch(/stopping before WAL location/);
    const last = stop.lastReplayed?.time ?? 0;
    expect(stop.firstSkipped?.time).toBeGreaterThan(last);
    const rows = (await askCopy(plan, "SELECT customer FROM orders WHERE customer IN ('kept', 'undone')"))?.rows;
    expect(rows).toEqual([{ customer: 'kept' }]);
    expect(plan.progress.some((one) => one.phase === 'base backup' && one.bytes > 0)).toBe(true);
    await plan.run('scratch-discard', {});
  });

  test('that stops elsewhere than the plan promised fails with both, never as proven (T17)', async () => {
    const behindKept = await insert('promised');
    await insert('not promised');
    await archiveWal(lab);
    const plan = operations.plan();
    const target = { type: 'lsn', lsn: behindKept, inclusive: false } as const;
    const stop = await plan.copy(target);
    const { lastReplayed: lastKept, firstSkipped: firstUndone } = stop;
    const record = /"([0-9A-F]+\/[0-9A-F]+)"/.exec(stop.evidence)?.[1] ?? '';
    const promise = { record, lastKept, firstUndone, lastEndTime: lastKept?.time ?? null };
    expect(await plan.run('scratch-replay', { timeline: 1, target, expect: promise })).toEqual(stop);
    const broken = { ...promise, lastKept: lastKept && { ...lastKept, xid: lastKept.xid - 1 } };
    const problem = await plan.problem('scratch-replay', { timeline: 1, target, expect: broken });
    expect(problem.type).toBe('urn:barback:problem:stopped-elsewhere');
    expect(problem.detail).toContain(`is ${lastKept?.xid} at`);
    await plan.run('scratch-discard', {});
  });

  test('of a position in a segment that Barman does not hold is refused before anything is copied', async () => {
    const plan = operations.plan();
    const target = { type: 'lsn', lsn: 'FF/0', inclusive: true } as const;
    await expect(plan.recover(target)).rejects.toThrow(/does not hold the WAL segment 0000000100000000000000/);
    expect(await plan.run('scratch-discard', {})).toEqual({ existed: false });
  });

  test('of a position behind the last record fails with the newest commit there is, never as started', async () => {
    const plan = operations.plan();
    const end = await sql(
      lab.postgres,
      "SELECT '0/0'::pg_lsn + (((pg_current_wal_lsn() - '0/0')::bigint | (16 * 1024 * 1024 - 1)) - 7)",
    );
    const target = { type: 'lsn', lsn: end.trim(), inclusive: true } as const;
    await plan.recover(target);
    await plan.start(target);
    const problem = await plan.problem('scratch-replay', { timeline: 1, target, expect: null });
    expect(problem.type).toBe('urn:barback:problem:target-not-reached');
    expect(problem.detail).toMatch(/newest commit that Barman holds is transaction \d+ at 20/);
    expect(await plan.observe('scratch-replay', { timeline: 1, target, expect: null })).toMatchObject({
      is: 'partial',
    });
    await plan.run('scratch-discard', {});
  });

  test('ignores what ALTER SYSTEM had set on production, and keeps it as evidence', async () => {
    const plan = operations.plan();
    await plan.recover({ type: 'immediate' });
    const started = await plan.start({ type: 'immediate' });
    await plan.run('scratch-replay', { timeline: 1, target: { type: 'immediate' }, expect: null });
    const names = Object.keys(hostile);
    expect(new Set(started.settingsSetAside.map((line) => line.split(' ')[0]))).toEqual(new Set(names));
    expect(started.libraries.map((one) => [one.name, one.loaded])).toEqual([
      ['pg_stat_statements', true],
      ['passwordcheck', false],
    ]);
    const list = [...names, 'autovacuum', 'max_logical_replication_workers'].map((name) => `'${name}'`).join(', ');
    // As the superuser: the probe role does not see all of them.
    const copy = { ...lab.postgres, host: started.socketDirectory, port: started.port };
    const shown = await sql(copy, `SELECT json_object_agg(name, setting) FROM pg_settings WHERE name IN (${list})`);
    expect(JSON.parse(shown)).toMatchObject({
      archive_mode: 'off',
      listen_addresses: '',
      shared_preload_libraries: 'pg_stat_statements',
      synchronous_standby_names: '',
      logging_collector: 'off',
      ssl: 'off',
      session_preload_libraries: '',
      autovacuum: 'off',
      max_logical_replication_workers: '0',
    });
    await plan.run('scratch-discard', {});
  });
});

test('WAL that is written and closed while the base backup is copied is in the copy, and what was staged meanwhile is not copied again', async () => {
  const waiting = await withWaitingBarman(lab);
  const slow = await operationsHost(waiting.lab);
  onTestFinished(() => slow.close());
  const plan = slow.plan();
  await insert('before the copy');
  await archiveWal(lab);
  const recovering = plan.recover({ type: 'latest' });
  const { walAhead, pgdata } = scratchPlace(slow.host, plan.plan);
  const first = await poll('WAL staged before Barman copies anything', 30_000, async () => {
    const names = (await readdir(walAhead).catch((): string[] => [])).toSorted();
    // The partial one comes first, under its own name.
    return names.length > 1 ? names[0] : undefined;
  });
  const { ino } = await stat(path.join(walAhead, first));
  await insert('while the base backup is copied');
  await archiveWal(lab);
  await waiting.letGo();
  const recovered = await recovering;
  expect(recovered.wal.first).toBe(first);
  expect((await stat(path.join(pgdata, 'barman_wal', first))).ino).toBe(ino);
  expect(await readdir(path.dirname(walAhead))).not.toContain('wal');
  await plan.start({ type: 'latest' });
  await plan.run('scratch-replay', { timeline: 1, target: { type: 'latest' }, expect: null });
  const rows = (await askCopy(plan, 'SELECT customer FROM orders ORDER BY id DESC LIMIT 2', 'promoted'))?.rows;
  expect(rows).toEqual([{ customer: 'while the base backup is copied' }, { customer: 'before the copy' }]);
});

test('a flipped byte in the backup fails at the manifest with the name of the file', async () => {
  const plan = operations.plan();
  const backupId = await takeBackup(lab);
  const relation = (await sql(lab.postgres, "SELECT pg_relation_filepath('orders')")).trim();
  await flipByte(path.join(lab.barman.home, 'main', 'base', backupId, 'data', relation));
  await plan.recover({ type: 'immediate' });
  const problem = await plan.problem('scratch-verify-manifest', { backupId });
  expect(problem).toMatchObject({ type: 'urn:barback:problem:manifest-mismatch', facts: { files: [relation] } });
  await plan.run('scratch-discard', {});
  await mustRun([...lab.barman.argv, 'delete', 'main', backupId]);
});

test('a cancel in the middle of the copy is reported as one, and the rest is discarded', async () => {
  const plan = operations.plan();
  const abort = new AbortController();
  const backup = (await plan.run('backup-list', {})).backups[0];
  const params = {
    backupId: backup?.id ?? '',
    timeline: 1,
    target: { type: 'latest' },
    tablespaces: ['ts1'],
    jobs: 1,
    // Slow enough that the cancel comes in the middle.
    bandwidthKBps: 500,
    expectBytes: 1,
  } as const;
  const ended = plan.problem('scratch-recover', { ...params, tablespaces: [...params.tablespaces] }, abort.signal);
  await poll('the first bytes of the copy', 30_000, () =>
    plan.progress.some((one) => one.bytes > 0) ? true : undefined,
  );
  abort.abort();
  expect((await ended).type).toBe('urn:barback:problem:cancelled');
  expect(await plan.observe('scratch-recover', { ...params, tablespaces: [] })).toMatchObject({ is: 'partial' });
  expect((await plan.problem('scratch-recover', { ...params, tablespaces: ['ts1'] })).type).toBe(
    'urn:barback:problem:scratch-exists',
  );
  expect(await plan.run('scratch-discard', {})).toEqual({ existed: true });
});

test('Barman sends again what lies at the place of a copy with the same size and time and another content', async () => {
  const backupId = await takeBackup(lab);
  const data = path.join(lab.barman.home, 'main', 'base', backupId, 'data');
  // pg_proc of template1: larger than what is left to rsync alone.
  const relation = 'base/1/1255';
  const stored = path.join(data, relation);
  expect((await stat(stored)).size).toBeGreaterThan(256 * 1024);
  const copy = `${lab.dir}-by-content`;
  const asBarman = (...argv: string[]) =>
    mustRun(asUser(process.geteuid?.() === 0 ? lab.barman.osUser : undefined, argv));
  await mustRun(['install', '-d', '-m', '0700', ...ownedByBarman(), copy]);
  await asBarman('mkdir', '-p', path.dirname(path.join(copy, relation)));
  await asBarman('cp', '--preserve=timestamps', stored, path.join(copy, relation));
  await flipByte(path.join(copy, relation));
  await asBarman('touch', '-r', stored, path.join(copy, relation));
  const options = { server: 'main', backupId, timeline: 1, jobs: 1, bandwidthKBps: null, destination: copy };
  const tablespaces = [{ name: 'ts1', directory: `${copy}/ts1` }];
  await mustRun([...lab.barman.argv, ...recoverArguments({ ...options, tablespaces })]);
  expect((await readFile(path.join(copy, relation))).equals(await readFile(stored))).toBe(true);
  await mustRun(['rm', '-rf', copy]);
  await mustRun([...lab.barman.argv, 'delete', 'main', backupId]);
});

function ownedByBarman(): string[] {
  return process.geteuid?.() === 0 ? ['-o', lab.barman.osUser] : [];
}
