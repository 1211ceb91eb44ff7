import { appendFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import type { WritingApplication } from '../lab/writing-application.ts';
import { restlessClients } from '../e2e/restless-clients.ts';
import { applicationOf } from '../support/application-scene.ts';
import { askCopy } from '../support/ask-copy.ts';
import {
  decide,
  endOf,
  request,
  resume,
  runDrill,
  startRun,
  stepOf,
  waitForRun,
  type RunBody,
} from '../support/barback-client.ts';
import { momentOf, planOnceReachable } from '../support/cutover-client.ts';
import { receiveElsewhere } from '../support/foreign-receiver.ts';
import { settledLab } from '../support/settled-lab.ts';

// What goes wrong around a cutover (criterion 6): each ends with the old database running or offered, and with nothing lost.

const minutes = 60_000;

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let writer: WritingApplication;

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
  writer = await applicationOf(lab);
});

afterAll(async () => {
  await writer?.close();
  await stop();
});

describe('before anything is stopped', () => {
  test('a copy that fails a probe is thrown away, and live has felt nothing', async () => {
    const started = await postmasterStart();
    const probe = { name: 'rows', database: 'system', sql: 'SELECT 1 / (count(*) - count(*)) FROM ledger' };
    const run = await runOf({ probes: [probe] });
    const ended = await end(run);
    expect(ended).toMatchObject({ state: 'failed', liveDatabase: 'old-running' });
    expect(ended.problem).toMatchObject({ type: 'urn:barback:problem:probe-failed' });
    expect(stepOf(ended, 'discard').state).toBe('succeeded');
    expect(await postmasterStart()).toBe(started);
    await nothingLost();
  });

  test('an application that does not stop although Dokploy says so ends the run, and runs as before', async () => {
    const { row } = writer.dokploy.service(writer.id);
    writer.dokploy.faults.stopSilentlyFails = true;
    const started = await postmasterStart();
    const run = await runOf({ inspect: 'promoted' });
    await reaches(run, 'inspect');
    await decide(lab, run, 'inspect', 'continue');
    // The deadline of the application is two minutes.
    const ended = await end(run);
    writer.dokploy.faults.stopSilentlyFails = false;
    expect(ended).toMatchObject({ state: 'failed', liveDatabase: 'old-running' });
    expect(ended.problem).toMatchObject({ type: 'urn:barback:problem:application-failed' });
    expect([row.replicas, row.autoDeploy]).toEqual([2, true]);
    expect(await postmasterStart()).toBe(started);
    await nothingLost();
  });
});

describe('while nobody is let in', () => {
  test('a probe that fails on the restored live puts the old one back, with its newest commits', async () => {
    // The copy listens on another port: it passes there.
    const text = `SELECT 1 / (CASE WHEN current_setting('port') = '${lab.postgres.port}' THEN 0 ELSE 1 END)`;
    await sql(lab.postgres, 'GRANT pg_read_all_data TO barback_probe').catch(() => '');
    const run = await runOf({ probes: [{ name: 'only the copy', database: 'system', sql: text }] });
    const ended = await end(run);
    expect(ended).toMatchObject({ state: 'failed', liveDatabase: 'old-running' });
    expect(ended.problem).toMatchObject({ type: 'urn:barback:problem:probe-failed' });
    for (const step of ['swap-back', 'start-old', 'unfence']) expect(stepOf(ended, step).state).toBe('succeeded');
    await nothingLost();
  });

  test('clients that come back all the time are kept out until it is open, and get in then', async () => {
    await sql(
      lab.postgres,
      'CREATE TABLE noise (id bigserial); GRANT ALL ON noise TO app; GRANT ALL ON noise_id_seq TO app',
    );
    const clients = restlessClients(lab.postgres, 'noise', 3);
    try {
      const ended = await end(await runOf());
      expect(ended).toMatchObject({ state: 'succeeded', liveDatabase: 'new-running' });
      const before = clients.commits();
      await poll('their commits', 30_000, () => (clients.commits() > before ? true : undefined));
    } finally {
      await clients.close();
    }
    await nothingLost();
  });

  test('a restored cluster that does not start as live makes room for the old one again', async () => {
    const run = await runOf({ confirmBeforeOpen: true });
    const { planId } = await until(run, (one) => stepOf(one, 'seal').state === 'succeeded');
    await appendFile(`${lab.postgres.dataDir}.next-${planId}/postgresql.auto.conf`, 'max_connections = many\n');
    const ended = await end(run);
    expect(ended).toMatchObject({ state: 'failed', liveDatabase: 'old-running' });
    expect(ended.problem?.detail).toMatch(/live did not start: .*"max_connections": "many"/);
    for (const step of ['swap-back', 'start-old', 'unfence']) expect(stepOf(ended, step).state).toBe('succeeded');
    const said = (await request(lab, 'GET', `/v1/runs/${run}.txt`)).text;
    expect(said).toContain('the live database is running, as it was');
    await nothingLost();
  });

  test('a service that cannot start either cluster is reported with both stopped, and the old one comes up on resume', async () => {
    const settings = path.join(lab.postgres.configDir, 'conf.d', 'zz-broken.conf');
    const run = await runOf({ inspect: 'promoted' });
    await reaches(run, 'inspect');
    await writeFile(settings, "shared_buffers = 'a lot'\n", { mode: 0o644 });
    await decide(lab, run, 'inspect', 'continue');
    const halted = await until(run, (one) => one.state === 'needs_operator');
    expect(halted.liveDatabase).toBe('old-stopped');
    expect(halted.problem?.detail).toMatch(/shared_buffers/);
    await rm(settings);
    await resume(lab, run);
    expect(await end(run)).toMatchObject({ state: 'failed', liveDatabase: 'old-running' });
    await nothingLost();
  });

  test("a copy on which Barman's slot cannot be made gets it as live, and nothing of the new timeline is missing", async () => {
    const run = await runOf({ inspect: 'paused' });
    const { planId } = await reaches(run, 'inspect');
    const settings = path.join(lab.postgres.configDir, 'conf.d', 'zz-slots.conf');
    await writeFile(settings, 'max_replication_slots = 40\n', { mode: 0o644 });
    const all = "generate_series(1, current_setting('max_replication_slots')::int)";
    const fill = `SELECT pg_create_physical_replication_slot('full_' || n) FROM ${all} AS n`;
    await askCopy(lab, planId, fill);
    await decide(lab, run, 'inspect', 'continue');
    const done = await end(run);
    await rm(settings);
    expect(done).toMatchObject({ state: 'succeeded', liveDatabase: 'new-running' });
    expect(stepOf(done, 'renew-slot').state).toBe('succeeded');
    const left = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE 'full%'";
    await sql(lab.postgres, left);
    await nothingLost();
    const drill = await runDrill(lab, { type: 'latest' });
    expect(drill.state, JSON.stringify(drill.problem)).toBe('succeeded');
  });

  test('a walsender that keeps live from stopping ends the run at its limit, and live is started again as it was', async () => {
    await sql(lab.postgres, "SELECT pg_create_physical_replication_slot('other', true)");
    const run = await runOf({ inspect: 'promoted', stopWithin: '5s' });
    await reaches(run, 'inspect');
    const stopReceiver = await receiveElsewhere(lab, 'other');
    const receiver = Number(
      await sql(lab.postgres, "SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'other'"),
    );
    process.kill(receiver, 'SIGSTOP');
    try {
      await decide(lab, run, 'inspect', 'continue');
      await until(run, (one) => one.steps.some((step) => step.name === 'stop-live' && step.state === 'failed'));
    } finally {
      process.kill(receiver, 'SIGCONT');
    }
    const ended = await end(run);
    expect(ended).toMatchObject({ state: 'failed', liveDatabase: 'old-running' });
    expect(ended.problem).toMatchObject({ type: 'urn:barback:problem:time-limit' });
    await stopReceiver().catch(() => undefined);
    await sql(lab.postgres, "SELECT pg_drop_replication_slot('other')");
    await nothingLost();
  });
});

describe('when it is open again', () => {
  test('an application that Swarm rolls back leaves the run with a person, the database restored and open; its undo works', async () => {
    writer.dokploy.faults.rollbackOnUpdate = true;
    const run = await runOf();
    const halted = await until(run, (one) => one.state === 'needs_operator');
    expect(halted.liveDatabase).toBe('new-running');
    expect(halted.problem).toMatchObject({ type: 'urn:barback:problem:application-failed' });
    writer.dokploy.faults.rollbackOnUpdate = false;
    await resume(lab, run);
    expect(await end(run)).toMatchObject({ state: 'succeeded', liveDatabase: 'new-running' });
    await nothingLost();
  });

  test('an application that is deployed in the middle of it is fenced out, and the run goes on', async () => {
    const run = await runOf({ confirmBeforeOpen: true });
    await until(run, (one) => one.state === 'waiting');
    const count = await sql(lab.postgres, 'SELECT count(*) FROM ledger');
    // Somebody scales it up as it was, and presses the button.
    writer.dokploy.service(writer.id).row.replicas = 2;
    await writer.dokploy.push(writer.id, 'button');
    await poll('containers that try to get in', 30_000, () =>
      writer.dokploy.service(writer.id).swarm.pids.length > 0 ? true : undefined,
    );
    expect(await sql(lab.postgres, 'SELECT count(*) FROM ledger')).toBe(count);
    expect(await writer.sessions()).toEqual([]);
    await decide(lab, run, 'confirm-open', 'open');
    expect(await end(run)).toMatchObject({ state: 'succeeded', liveDatabase: 'new-running' });
    await nothingLost();
  });
});

/** A restore to a moment ago, of which the application goes on writing. */
async function runOf(options: object = {}): Promise<string> {
  await writer.written(30);
  const time = await momentOf(lab);
  await writer.written(30);
  return (await startRun(lab, await planOnceReachable(lab, { type: 'time', time }, options))).id;
}

function until(run: string, holds: (one: RunBody) => boolean): Promise<RunBody> {
  return waitForRun(lab, run, holds, 5 * minutes);
}

const end = (run: string): Promise<RunBody> => endOf(lab, run);

async function reaches(run: string, gate: string): Promise<RunBody> {
  return until(run, (one) => one.steps.some((step) => step.name === gate && step.state === 'waiting'));
}

/** The application writes again, and what it was told is there along the timelines that led here. */
async function nothingLost(): Promise<void> {
  await writer.written(20);
  const { missing, present, unknown } = await writer.compare();
  expect({ missing, present, unknown }).toEqual({ missing: [], present: [], unknown: [] });
}

async function postmasterStart(): Promise<string> {
  return sql(lab.postgres, 'SELECT pg_postmaster_start_time()');
}
