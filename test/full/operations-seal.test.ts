import { patient } from '../lab/patience.ts';
import { mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readSealed } from '@barback/agent/operations/sealed-record.ts';
import { scratchPlace } from '@barback/agent/operations/scratch-place.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { archiveWal, takeBackup, waitForCleanCheck } from '../lab/barman-backup.ts';
import { startCluster, stopCluster } from '../lab/cluster-control.ts';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { asUser, mustRun } from '../lab/run-command.ts';
import { labUp } from '../lab/up.ts';
import {
  asPostgres,
  promoted,
  recoverBeside,
  sealKilledAt,
  startByHand,
  startGoingLive,
} from '../e2e/copy-going-live.ts';
import { operationsHost, type OperationsHost, type PlanOperations } from '../e2e/operations-host.ts';
import { needsRoot } from '../support/needs-root.ts';

let lab: Lab;
let operations: OperationsHost;
let base: string;
let pg: string;

beforeAll(async () => {
  lab = await labUp({ dir: `/var/tmp/barback-seal-${process.pid}`, tablespace: true });
  pg = path.dirname(lab.postgres.dataDir);
  base = path.basename(lab.postgres.dataDir);
  await stopCluster(lab.postgres);
  await putWalElsewhere();
  await startCluster(lab.postgres);
  await sql(lab.postgres, "ALTER SYSTEM SET work_mem = '3MB'");
  await asPostgres(lab, ['touch', live('postgresql.conf'), live('server.crt'), live('only-in-backup.txt')]);
  await waitForCleanCheck(lab.barman);
  await takeBackup(lab);
  // What live has changed since, and what an earlier restore has left in it.
  await sql(lab.postgres, "ALTER SYSTEM SET work_mem = '5MB'");
  await sql(lab.postgres, "ALTER SYSTEM SET restore_command = '/bin/true'");
  await sql(lab.postgres, "ALTER SYSTEM SET recovery_target_name = 'secret'");
  await asPostgres(lab, ['rm', live('postgresql.conf'), live('only-in-backup.txt')]);
  await asPostgres(lab, ['dd', `of=${live('server.crt')}`], 'the certificate of now');
  await asPostgres(lab, ['install', '-m', '0644', '/dev/null', live('custom.conf')]);
  await sql(lab.postgres, "INSERT INTO archive_orders (customer, amount) VALUES ('after the backup', 1)");
  await archiveWal(lab);
  operations = await operationsHost(lab);
});

afterEach(async () => {
  for (const plan of plans.splice(0)) await plan.run('scratch-discard', {});
});

afterAll(async () => {
  await operations?.close();
  if (lab) await labDown(lab.dir);
});

const plans: PlanOperations[] = [];
function newPlan(): PlanOperations {
  const plan = operations.plan();
  plans.push(plan);
  return plan;
}

const live = (name: string) => path.join(lab.postgres.dataDir, name);
const next = (plan: PlanOperations) => path.join(pg, `${base}.next-${plan.plan}`);
const leftOf = async (plan: PlanOperations) =>
  (await readdir(pg)).filter((name) => name.includes(plan.plan)).toSorted();

async function putWalElsewhere(): Promise<void> {
  await rename(live('pg_wal'), path.join(pg, 'wal'));
  await symlink(path.join(pg, 'wal'), live('pg_wal'));
}

describe('a copy that takes the place of live', () => {
  test('is started with the settings of live, keeps its new history for the archive and reserves WAL for Barman', async () => {
    const plan = newPlan();
    const started = await promoted(plan);
    const copy = { ...lab.postgres, host: started.socketDirectory, port: started.port };
    const names = ['wal_level', 'track_commit_timestamp', 'wal_log_hints', 'archive_mode', 'max_replication_slots'];
    const shown = await sql(copy, names.map((name) => `SHOW ${name};`).join('\n'));
    expect(shown.split('\n')).toEqual(['logical', 'on', 'on', 'on', '3']);
    const pgdata = path.join(pg, `${base}.restore-${plan.plan}`, 'pgdata');
    expect(await readdir(path.join(pgdata, 'pg_wal', 'archive_status'))).toContain('00000002.history.ready');
    expect(await plan.observe('scratch-slot', { slot: 'barman' })).toEqual({ is: 'absent' });
    const { restartLsn } = await plan.run('scratch-slot', { slot: 'barman' });
    expect(restartLsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    expect(await plan.run('scratch-slot', { slot: 'barman' })).toEqual({
      reserved: true,
      created: false,
      restartLsn,
      hindrance: null,
    });
    expect(await plan.observe('scratch-slot', { slot: 'barman' })).toMatchObject({ is: 'complete' });
    expect(await sql(copy, 'SELECT restart_lsn IS NOT NULL FROM pg_replication_slots')).toBe('t');
    // Nothing of it reached Barman.
    expect(
      (await readdir(path.join(lab.barman.home, 'main', 'wals'))).filter((name) => name.includes('00000002')),
    ).toEqual([]);
  });

  test('gets its slot while it is paused, before its promotion', async () => {
    const plan = newPlan();
    await plan.copy({ type: 'immediate' });
    expect(await plan.run('scratch-slot', { slot: 'barman' })).toMatchObject({ created: true });
    await plan.run('scratch-promote', {});
    expect(await plan.run('scratch-slot', { slot: 'barman' })).toMatchObject({ created: false });
    expect((await plan.problem('scratch-seal', {})).detail).toMatch(/the tablespace \d+ of the copy lies at/);
  });

  test('is sealed: live’s settings and files, nothing of Barman, owned by PostgreSQL’s user, held, and starts with its data', async () => {
    const plan = newPlan();
    await promoted(plan);
    await plan.run('scratch-slot', { slot: 'barman' });
    expect(await plan.observe('scratch-seal', {})).toEqual({ is: 'absent' });
    const result = await plan.run('scratch-seal', {});
    expect(result).toMatchObject({
      timeline: 2,
      settingsKept: ['work_mem'],
      settingsLeftOut: ['restore_command', 'recovery_target_name'],
    });
    expect(JSON.stringify(result)).not.toContain('secret');
    expect(result.removed).toEqual(
      expect.arrayContaining(['barman_wal', 'postgresql.conf', 'postgresql.auto.conf.backup']),
    );
    expect(await plan.observe('scratch-seal', {})).toEqual({ is: 'complete', result });
    expect(await plan.run('scratch-seal', {})).toEqual(result);
    expect(await plan.run('scratch-stop', {})).toEqual({ wasRunning: false, state: 'shut down' });

    const names = await readdir(next(plan));
    expect(
      names.filter((name) => /barman|origin|manifest|old$|signal|\.backup|postmaster|^postgresql\.conf/.test(name)),
    ).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['custom.conf', 'only-in-backup.txt', 'pg_wal']));
    expect(await readFile(path.join(next(plan), 'server.crt'), 'utf8')).toBe('the certificate of now');
    expect(await readlink(path.join(next(plan), 'pg_wal'))).toBe(path.join(pg, `wal.restore-${plan.plan}`));
    await expectOwned([
      next(plan),
      path.join(pg, `ts1.restore-${plan.plan}`),
      path.join(pg, `wal.restore-${plan.plan}`),
    ]);
    const sealed = await readSealed(scratchPlace(operations.host, plan.plan));
    expect(sealed).toMatchObject({
      timeline: 2,
      tablespaces: [{ name: 'ts1' }],
      wal: { path: path.join(pg, `wal.restore-${plan.plan}`) },
    });
    const version = path.join(next(plan), 'PG_VERSION');
    expect((await stat(version)).mode & 0o777).toBe(0);
    await expect(startByHand(lab, next(plan), async () => undefined)).rejects.toThrow('could not start server');
    await asPostgres(lab, ['rm', '-rf', path.join(pg, 'by-hand')]);

    await asPostgres(lab, ['chmod', '0600', version]);
    await startByHand(lab, next(plan), async (ask) => {
      expect(await ask('SELECT timeline_id FROM pg_control_checkpoint()')).toBe('2');
      expect(await ask("SELECT count(*) FROM archive_orders WHERE customer = 'after the backup'")).toBe('1');
      expect(await ask("SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'ts1'")).toBe(
        path.join(pg, `ts1.restore-${plan.plan}`),
      );
      expect(await ask('SELECT slot_name || restart_lsn IS NOT NULL FROM pg_replication_slots')).toBe('t');
      expect(await ask('SHOW work_mem')).toBe('5MB');
      expect(await ask('SHOW restore_command')).toBe('');
      expect(await ask("INSERT INTO archive_orders (customer, amount) VALUES ('open', 1) RETURNING customer")).toBe(
        'open',
      );
    });
    expect(await readdir(path.join(pg, `wal.restore-${plan.plan}`, 'archive_status'))).toContain(
      '00000002.history.ready',
    );
    expect(await plan.run('scratch-discard', {})).toEqual({ existed: true });
    expect(await leftOf(plan)).toEqual([]);
    expect(await readdir(pg)).toEqual(expect.arrayContaining(['ts1', 'wal', base]));
  });

  test('is sealed in the end, wherever the agent was killed before', async () => {
    const plan = newPlan();
    await promoted(plan);
    await sealKilledAt(operations.host, plan, 'checkpoint', 1);
    await sealKilledAt(operations.host, plan, 'stop', 1);
    await sealKilledAt(operations.host, plan, 'wal', 1);
    await sealKilledAt(operations.host, plan, 'owner', 1);
    expect(await plan.run('scratch-stop', {})).toEqual({ wasRunning: false, state: 'shut down' });
    await sealKilledAt(operations.host, plan, 'owner', 500);
    await sealKilledAt(operations.host, plan, 'sync', 1);
    expect(await plan.observe('scratch-seal', {})).toEqual({ is: 'absent' });
    const result = await plan.run('scratch-seal', {});
    expect(result.removed).toEqual(expect.arrayContaining(['barman_wal', 'postgresql.conf']));
    expect(result.settingsKept).toEqual(['work_mem']);
    await expectOwned([next(plan)]);
    await asPostgres(lab, ['chmod', '0600', path.join(next(plan), 'PG_VERSION')]);
    await startByHand(lab, next(plan), async (ask) => expect(await ask('SHOW work_mem')).toBe('5MB'));
    await plan.run('scratch-discard', {});
    expect(await leftOf(plan)).toEqual([]);
  });
});

/** Every entry, by find: another program than the one that is tested. */
async function expectOwned(directories: readonly string[]): Promise<void> {
  const odd = ['-not', '-user', lab.postgres.osUser, '-o', '-type', 'd', '-not', '-perm', '0700', '-o'];
  odd.push('-type', 'f', '-not', '-perm', '0600', '-not', '-name', 'PG_VERSION');
  const foreign = ['-not', '-name', 'custom.conf', '-not', '-name', 'server.crt'];
  expect(await mustRun(['find', ...directories, '(', ...odd, ')', ...foreign])).toBe('');
}

describe('a copy is refused', () => {
  test('while it is in recovery, and when it was not shut down cleanly; it stays as it was', async () => {
    const plan = newPlan();
    await recoverBeside(plan);
    const immediate = { type: 'immediate' } as const;
    await plan.start(immediate);
    await plan.run('scratch-replay', { timeline: 1, target: immediate, expect: null });
    expect((await plan.problem('scratch-seal', {})).detail).toContain('is still in recovery');
    await plan.run('scratch-promote', {});
    const { pid } = await startGoingLive(plan);
    process.kill(pid, 'SIGQUIT');
    await expect
      .poll(() => plan.observe('scratch-stop', {}), { timeout: patient(20_000) })
      .toMatchObject({ is: 'complete' });
    expect((await plan.problem('scratch-seal', {})).detail).toMatch(/was not shut down cleanly: in production/);
    expect(await leftOf(plan)).not.toContain(path.basename(next(plan)));
  });

  test('when its user has planted something: nothing outside changes its owner', async (context) => {
    needsRoot(context, 'an agent of any other user changes no owners');
    const secret = path.join(pg, 'secret');
    await writeFile(secret, 'of root', { mode: 0o600 });
    const plan = newPlan();
    await promoted(plan);
    await plan.run('scratch-stop', {});
    const traps: readonly (readonly [string, string[], RegExp])[] = [
      ['base/1/link', ['ln', '-s', secret], /it is a symbolic link to .*secret/],
      ['pg_tblspc/99999', ['ln', '-s', pg], /it is a symbolic link to/],
      // chown(2) takes the bit away, so the owner comes first.
      ['base/1/suid', ['install', '-o', lab.barman.osUser, '-m', '4700', '/dev/null'], /its mode is 4700/],
      ['base/1/pipe', ['mkfifo'], /neither a file nor a directory/],
      ['base/1/second', ['ln', path.join(next(plan), 'postgresql.auto.conf')], /has 2 names/],
      // As where the kernel does not protect hard links.
      ['base/1/foreign', ['ln', secret], /belongs to user id 0/],
    ];
    // The first one, while the copy is still its user's.
    const inScratch = path.join(pg, `${base}.restore-${plan.plan}`, 'pgdata', 'base/1/link');
    await mustRun(asUser(lab.barman.osUser, ['ln', '-s', secret, inScratch]));
    for (const [name, plant, told] of traps) {
      const file = path.join(next(plan), name);
      const isFirst = name === 'base/1/link';
      if (!isFirst) await mustRun([...plant, file]);
      // Slipped in through a directory that was open before the copy was taken away.
      if (['ln', 'mkfifo'].includes(plant[0] ?? '') && !isFirst && plant[1] !== secret) {
        await mustRun(['chown', '-h', lab.barman.osUser, file]);
      }
      const problem = await plan.problem('scratch-seal', {});
      expect(problem).toMatchObject({ type: 'urn:barback:problem:location-unsafe' });
      expect(problem.detail, name).toMatch(told);
      await rm(file);
    }
    expect(await stat(secret)).toMatchObject({ uid: 0, nlink: 1 });
    expect((await stat(secret)).mode & 0o777).toBe(0o600);
    await rm(secret);
  });

  test('when the place of a tablespace exists or could be exchanged by others', async () => {
    const plan = newPlan();
    const taken = path.join(pg, `ts1.restore-${plan.plan}`);
    await mkdir(taken);
    await writeFile(path.join(taken, 'precious'), 'rows');
    await expect(recoverBeside(plan)).rejects.toThrow(/exists already \(directory\)/);
    expect(await plan.run('scratch-discard', {})).toEqual({ existed: false });
    expect(await readFile(path.join(taken, 'precious'), 'utf8')).toBe('rows');
    await rm(taken, { recursive: true });
    await mustRun(['chmod', '0777', pg]);
    await expect(recoverBeside(plan)).rejects.toThrow(/is writable by others/);
    await mustRun(['chmod', '0755', pg]);
    expect(await leftOf(plan)).toEqual([]);
  });
});

test('once it is live, discarding the scratch leaves it, its tablespace and its pg_wal alone', async () => {
  const plan = operations.plan();
  await promoted(plan);
  await plan.run('scratch-seal', {});
  await stopCluster(lab.postgres);
  await rename(lab.postgres.dataDir, path.join(pg, 'before'));
  const swap = path.join(scratchPlace(operations.host, plan.plan).records, 'swap.json');
  await writeFile(swap, JSON.stringify({ state: 'intended' }));
  expect((await plan.problem('scratch-discard', {})).detail).toContain('on its way to');
  await rename(next(plan), lab.postgres.dataDir);
  await writeFile(swap, JSON.stringify({ state: 'done' }));
  await asPostgres(lab, ['chmod', '0600', live('PG_VERSION')]);
  await startCluster(lab.postgres);
  expect(await plan.observe('scratch-seal', {})).toMatchObject({ is: 'complete' });
  expect(await plan.run('scratch-stop', {})).toEqual({ wasRunning: false, state: null });
  expect(await plan.run('scratch-discard', {})).toEqual({ existed: true });
  expect(await leftOf(plan)).toEqual([`ts1.restore-${plan.plan}`, `wal.restore-${plan.plan}`]);
  expect(await sql(lab.postgres, "SELECT count(*) FROM archive_orders WHERE customer = 'after the backup'")).toBe('1');
});
