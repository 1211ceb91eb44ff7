import { appendFile, chmod, copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { handlers } from '@barback/agent/operations/index.ts';
import type { Host } from '@barback/agent/operations/handler.ts';
import { endAtOnceText } from '@barback/agent/postgres/end-at-once.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { asUser, mustRun, runCommand } from '../lab/run-command.ts';
import { labUp } from '../lab/up.ts';
import { operationsHost, type OperationsHost, type PlanOperations } from '../e2e/operations-host.ts';
import { needsRoot } from '../support/needs-root.ts';

const asRoot = process.geteuid?.() === 0;
const stopIn = { deadlineMs: 30_000 };
const startIn = { deadlineMs: 60_000 };

let lab: Lab;
let operations: OperationsHost;
let plan: PlanOperations;
let settings: string;

beforeAll(async () => {
  lab = await labUp({ dir: `/var/tmp/barback-stop-${process.pid}` });
  operations = await operationsHost(lab);
  plan = operations.plan();
  settings = path.join(lab.postgres.configDir, 'conf.d', 'zz-test.conf');
});

afterEach(async () => {
  await rm(settings, { force: true });
  await plan.run('live-start', startIn);
});

afterAll(async () => {
  await operations?.close();
  if (lab) await labDown(lab.dir);
});

const version = () => path.join(lab.postgres.dataDir, 'PG_VERSION');
const modeOf = async (file: string) => (await stat(file)).mode & 0o7777;
const postmaster = async () =>
  Number((await readFile(path.join(lab.postgres.dataDir, 'postmaster.pid'), 'utf8')).split('\n')[0]);

describe('live that is stopped', () => {
  test('ended cleanly, cannot be started by anybody, and comes back as it was configured', async () => {
    const [systemIdentifier, timeline] = await identity();
    expect(await plan.observe('live-stop', stopIn)).toEqual({ is: 'absent' });
    const stopped = await plan.run('live-stop', stopIn);
    expect(stopped).toMatchObject({ wasRunning: true, state: 'shut down', timeline });
    expect(await modeOf(version())).toBe(0);
    expect(await plan.observe('live-stop', stopIn)).toMatchObject({ is: 'complete', result: { state: 'shut down' } });
    expect(await plan.run('live-stop', stopIn)).toMatchObject({ wasRunning: false, state: 'shut down' });
    expect((await plan.run('cutover-facts', {})).heldBy).toBe(plan.plan);

    const { binDir, configDir, logFile, osUser } = lab.postgres;
    const user = asRoot ? osUser : undefined;
    const before = (await readFile(logFile, 'latin1')).length;
    const direct = [path.join(binDir, 'pg_ctl'), '-D', configDir, '-l', logFile, '-w', 'start'];
    expect((await runCommand(asUser(user, direct))).code).not.toBe(0);
    expect((await readFile(logFile, 'latin1')).slice(before)).toMatch(/FATAL: .*PG_VERSION.*Permission denied/);

    const started = await plan.run('live-start', startIn);
    expect(started).toMatchObject({ wasRunning: false, systemIdentifier, timeline, pid: await postmaster() });
    expect(await modeOf(version())).toBe(0o600);
    expect((await plan.run('cutover-facts', {})).heldBy).toBeNull();
    expect(await plan.run('live-start', startIn)).toMatchObject({ wasRunning: true, pid: started.pid });
    // Nothing of the agent's own environment is passed on to what the server runs.
    const environment = (await readFile(`/proc/${started.pid}/environ`, 'latin1')).split('\0');
    expect(environment.filter((one) => /^(PGAPPNAME|BARBACK_\w+)=/.test(one))).toEqual([]);
  });

  test('and is a cluster of Debian is disabled by name for its wrapper until then, with the way to lift that by hand', async (context) => {
    needsRoot(context, "pg_createcluster, so that a lab of any other user has none of Debian's clusters");
    const startConf = path.join(lab.postgres.configDir, 'start.conf');
    const configured = await readFile(startConf, 'utf8');
    await plan.run('live-stop', stopIn);
    const { version: major, cluster } = lab.postgres;
    const wrapper = await runCommand(['pg_ctlcluster', String(major), cluster ?? '', 'start']);
    expect(wrapper.code).toBe(1);
    expect(wrapper.stderr).toContain('Cluster is disabled');
    const told = await readFile(startConf, 'utf8');
    expect(told).toContain(`to start PostgreSQL by hand, write auto or manual, as it was before, into ${startConf}`);
    expect(told).toContain(`chmod 0600 ${version()}`);
    await plan.run('live-start', startIn);
    expect(await readFile(startConf, 'utf8')).toBe(configured);
  });

  test('had crashed: that is told, it is held too, and it recovers when it is started', async () => {
    await sql(lab.postgres, "INSERT INTO orders (customer, amount) VALUES ('before the crash', 1)");
    process.kill(await postmaster(), 'SIGKILL');
    expect(await plan.run('live-stop', stopIn)).toMatchObject({ wasRunning: false, state: 'in production' });
    expect(await modeOf(version())).toBe(0);
    expect(await plan.run('live-start', startIn)).toMatchObject({ wasRunning: false });
    const query = "SELECT count(*) FROM orders WHERE customer = 'before the crash'";
    expect(await sql(lab.postgres, query)).toBe('1');
  });

  test('has no directory, or an empty one, or a damaged pg_control: told as it is, and nothing is started', async () => {
    const other = path.join(lab.dir, 'pg', 'other');
    expect(await performAt(other, 'live-stop')).toMatchObject({ wasRunning: false, state: null, timeline: null });
    await mkdir(path.join(other, 'global'), { recursive: true });
    expect(await performAt(other, 'live-stop')).toMatchObject({ wasRunning: false, state: null });
    await writeFile(path.join(other, 'global', 'pg_control'), 'damaged');
    expect(await performAt(other, 'live-stop')).toMatchObject({ wasRunning: false, state: null });
    await expect(performAt(other, 'live-start')).rejects.toThrow(
      `there is no cluster at ${other}: nothing was started`,
    );
    await rm(other, { recursive: true });
  });

  test('is not another server whose directory was exchanged: that one is left alone', async () => {
    const other = path.join(lab.dir, 'pg', 'exchanged');
    await mkdir(other);
    await copyFile(path.join(lab.postgres.dataDir, 'postmaster.pid'), path.join(other, 'postmaster.pid'));
    await chmod(path.join(other, 'postmaster.pid'), 0o644);
    await expect(performAt(other, 'live-stop')).rejects.toThrow(
      `names the server ${await postmaster()}, which works in ${lab.postgres.dataDir}`,
    );
    await rm(other, { recursive: true });
    expect(await sql(lab.postgres, 'SELECT 1')).toBe('1');
    expect((await plan.run('cutover-facts', {})).heldBy).toBeNull();
  });

  test('and is kept from ending by one of its processes is reported with it, and started again once it has ended', async () => {
    const { host, port, database } = lab.postgres;
    const client = new Client({ host, port, database, user: 'app' });
    client.on('error', () => undefined);
    await client.connect();
    const pid = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    try {
      const problem = await plan.problem('live-stop', { deadlineMs: 2_000 });
      expect(problem.type).toBe('urn:barback:problem:time-limit');
      expect(problem.detail).toMatch(
        new RegExp(`is shutting down, takes no new sessions .* 2 s: .*\\b${pid} postgres: `),
      );
      expect(problem.next).toMatch(/started again as soon as it has ended.*chmod 0600/);
      expect(await plan.observe('live-stop', stopIn)).toEqual({ is: 'absent' });
      const again = await plan.problem('live-start', { deadlineMs: 1_000 });
      expect(again).toMatchObject({ type: 'urn:barback:problem:time-limit' });
      expect(again.detail).toMatch(/was told to stop and has not ended within 1 s/);
      const started = plan.run('live-start', startIn);
      process.kill(pid, 'SIGCONT');
      expect(await started).toMatchObject({ wasRunning: false });
    } finally {
      await client.end().catch(() => undefined);
    }
  });
});

describe('live that does not start', () => {
  test("is reported in PostgreSQL's own words, not those of an earlier start, and starts when the cause is gone", async () => {
    await plan.run('live-stop', stopIn);
    await writeFile(settings, 'max_connections = many\n', { mode: 0o644 });
    const problem = await plan.problem('live-start', startIn);
    expect(problem.type).toBe('urn:barback:problem:postgres-failed');
    expect(problem.detail).toMatch(
      /live did not start: LOG: {2}invalid value for parameter "max_connections": "many"; .*FATAL: {2}configuration file ".*" contains errors/,
    );
    await writeFile(settings, 'shared_preload_libraries = no_such_library\n', { mode: 0o644 });
    const other = await plan.problem('live-start', startIn);
    expect(other.detail).toMatch(/FATAL: {2}could not access file "no_such_library"/);
    expect(other.detail).not.toContain('max_connections');
    await rm(settings);
    expect(await plan.run('live-start', startIn)).toMatchObject({ wasRunning: false });
  });
});

test('live that an undo prepared is open on a later timeline, with its own settings in force again', async () => {
  const [systemIdentifier, timeline] = await identity();
  await plan.run('live-stop', stopIn);
  const { dataDir } = lab.postgres;
  const file = path.join(dataDir, 'postgresql.auto.conf');
  const own = "work_mem = '5MB'\n";
  await asPostgres(['dd', `of=${file}.barback`, 'status=none'], own);
  await asPostgres(['dd', `of=${file}`, 'status=none'], endAtOnceText("work_mem = '6MB'\n"));
  await asPostgres(['dd', `of=${path.join(dataDir, 'recovery.signal')}`, 'status=none'], '');
  expect(await plan.run('live-start', startIn)).toMatchObject({ systemIdentifier, timeline: timeline + 1 });
  expect(await readFile(file, 'utf8')).toBe(own);
  await expect(stat(`${file}.barback`)).rejects.toThrow('ENOENT');
  await poll('the setting', 10_000, async () =>
    (await sql(lab.postgres, 'SHOW work_mem')) === '5MB' ? true : undefined,
  );
  expect(await plan.run('live-start', startIn)).toMatchObject({ wasRunning: true, timeline: timeline + 1 });
});

describe('a probe of live', () => {
  const probes = [{ name: 'orders', database: 'system', sql: 'SELECT count(*) > 0 AS any FROM orders' }];
  const ask = { systemIdentifier: null, timelineAfter: null, probes, statementTimeoutMs: 5_000 };

  test('answers through a fence what it is asked, and says which cluster answered', async () => {
    const [systemIdentifier, timeline] = await identity();
    await plan.run('live-fence', {});
    const probed = await plan.run('live-probe', { ...ask, systemIdentifier, timelineAfter: timeline - 1 });
    expect(probed).toMatchObject({ systemIdentifier, timeline, probes: [{ ok: true, rows: [{ any: 't' }] }] });
    expect(probed.databases).toEqual(['postgres', 'system', 'template1']);
    await plan.run('live-unfence', {});
  });

  test('fails for another cluster, an old timeline, a query that fails, and names a role that is missing', async () => {
    const [, timeline] = await identity();
    for (const wrong of [{ systemIdentifier: '1' }, { timelineAfter: timeline }]) {
      const problem = await plan.problem('live-probe', { ...ask, ...wrong });
      expect(problem).toMatchObject({ type: 'urn:barback:problem:recovery-failed' });
    }
    const wrong = { name: 'wrong', database: 'system', sql: 'SELECT 1 FROM no_such_table' };
    const failed = await plan.problem('live-probe', { ...ask, probes: [wrong] });
    expect(failed.detail).toMatch(/the probe wrong failed: relation "no_such_table" does not exist/);
    await sql(lab.postgres, 'ALTER ROLE barback_probe RENAME TO barback_aside');
    const [told] = (await plan.run('live-probe', ask)).probes;
    expect(told?.ok).toBe(false);
    expect(told?.error).toMatch(/role barback_probe is not there.*CREATE ROLE/);
    await sql(lab.postgres, 'ALTER ROLE barback_aside RENAME TO barback_probe');
  });
});

test('the facts name how live is run, what a copy must have of it, and what keeps people out', async () => {
  const facts = await plan.run('cutover-facts', {});
  expect(facts).toMatchObject({
    service: asRoot ? 'debian-cluster' : 'pg_ctl',
    settings: { walLevel: 'replica', trackCommitTimestamp: false, archiveMode: 'off', maxReplicationSlots: 10 },
    besideOnSameFilesystem: true,
    sessions: [],
    fencedBy: null,
    heldBy: null,
  });
});

test('a hold that somebody lifted by hand is no reason to put back an old start.conf', async (context) => {
  needsRoot(context, 'pg_createcluster, so that a lab of any other user has no start.conf');
  const startConf = path.join(lab.postgres.configDir, 'start.conf');
  await plan.run('live-stop', stopIn);
  await writeFile(startConf, 'auto\n');
  await chmod(version(), 0o600);
  await plan.run('live-start', startIn);
  expect(await readFile(startConf, 'utf8')).toBe('auto\n');
  await appendFile(startConf, '# mine\n');
  await plan.run('live-stop', stopIn);
  await plan.run('live-start', startIn);
  expect(await readFile(startConf, 'utf8')).toBe('auto\n# mine\n');
});

async function identity(): Promise<[string, number]> {
  await sql(lab.postgres, 'CHECKPOINT');
  const query = 'SELECT system_identifier, timeline_id FROM pg_control_system(), pg_control_checkpoint()';
  const [system = '', timeline = ''] = (await sql(lab.postgres, query)).split('|');
  return [system, Number(timeline)];
}

/** The handler with another directory at the live path. */
async function performAt(dataDirectory: string, op: 'live-stop' | 'live-start'): Promise<unknown> {
  const { host } = operations;
  const { service: _, ...postgres } = host.server.postgres;
  const stateDirectory = `${host.config.stateDirectory}/other`;
  const other: Host = {
    ...host,
    config: { ...host.config, stateDirectory },
    server: { ...host.server, postgres: { ...postgres, dataDirectory } },
  };
  const signal = new AbortController().signal;
  const call = { opid: newId(Date.now()), plan: plan.plan, signal, progress: () => undefined, log: () => undefined };
  return handlers[op].perform(other, { server: 'main', deadlineMs: 5_000 }, call);
}

async function asPostgres(argv: readonly string[], input: string): Promise<void> {
  await mustRun(asUser(asRoot ? lab.postgres.osUser : undefined, argv), { input });
}
