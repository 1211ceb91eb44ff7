import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { startPgbouncer, type Pgbouncer } from '../lab/pgbouncer.ts';
import { poll } from '../lab/poll.ts';
import { startWritingApplication, type WritingApplication } from '../lab/writing-application.ts';
import { configureAgent } from '../support/agent-config.ts';
import { endOf, startRun, stepOf, type PlanBody } from '../support/barback-client.ts';
import { carryOutWell, cutoverOf, momentOf, planOnceReachable, planUndo } from '../support/cutover-client.ts';
import { settledLab } from '../support/settled-lab.ts';
import { setApplications } from '../support/application-scene.ts';

// T29: clients of PgBouncer wait while live is replaced, and go on over new connections.

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let pool: Pgbouncer;
let sessions: Pgbouncer;
let writer: WritingApplication;

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
  pool = await startPgbouncer(lab, 'transaction');
  sessions = await startPgbouncer(lab, 'session');
  const { database } = lab.postgres;
  await configureAgent(lab, (server) => {
    server.poolers = {
      transaction: { host: pool.socketDir, port: pool.port, databases: [database] },
      session: { host: sessions.socketDir, port: sessions.port, databases: [database] },
      wrong: { host: pool.socketDir, port: pool.port, databases: ['elsewhere'] },
    };
  });
  await use({ pooler: 'transaction' });
  writer = await startWritingApplication(lab, { pauseMs: 20, through: pool });
});

afterAll(async () => {
  await writer?.close();
  await stop();
});

test('an application behind it is not told that live is replaced: no connection is lost, and no statement fails', async () => {
  // Two containers with three connections each.
  const connected = await poll('six clients', 20_000, async () => {
    const now = await clients();
    return now.length === 6 ? now : undefined;
  });
  const run = await carryOutWell(lab, await planNow());
  await writer.written(20);
  expect(await clients()).toEqual(connected);
  const verdict = await writer.compare();
  expect([verdict.missing, verdict.present, verdict.unknown]).toEqual([[], [], []]);
  expect(await writer.failures()).toBe(0);
  expect(cutoverOf(run).outage.seconds).toBeGreaterThan(0);
  const back = await carryOutWell(lab, await planUndo(lab, run));
  await writer.written(20);
  expect(await clients()).toEqual(connected);
  expect(back.state).toBe('succeeded');
});

describe('a pool that does not come to rest', () => {
  test('ends the run with nothing paused and live as it was', async () => {
    await use({ pooler: 'transaction', deadlineSeconds: 2 });
    const long = await client(pool);
    await long.query('BEGIN');
    await long.query('SELECT 1');
    const ended = await endOf(lab, await runOf());
    await long.query('COMMIT');
    await long.end();
    expect(ended).toMatchObject({ state: 'failed', liveDatabase: 'old-running' });
    expect(ended.problem).toMatchObject({ type: 'urn:barback:problem:application-failed' });
    expect(ended.problem?.detail).toMatch(/did not come to rest within 2 s: 1 connections? to system/);
    expect(await paused(pool)).toBe(false);
    await writer.written(20);
  });

  test('is cut off where the settings say so: clients that hold a session are put out, and get in again', async () => {
    await use({ pooler: 'session', deadlineSeconds: 2, whenBusy: 'cut-off' });
    const held = await client(sessions);
    await held.query('SELECT 1');
    const lost = new Promise((resolve) => held.once('end', resolve));
    const run = await endOf(lab, await runOf());
    expect(run).toMatchObject({ state: 'succeeded', liveDatabase: 'new-running' });
    await lost;
    const again = await client(sessions);
    expect((await again.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await again.end();
  });
});

describe('before anything is copied', () => {
  test.each([
    [
      'that the agent does not know',
      { pooler: 'unknown' },
      /has no pooler unknown of the server main, only transaction/,
    ],
    ['whose name every object answers to', { pooler: 'constructor' }, /has no pooler constructor of the server main/],
    ['without the database', { pooler: 'wrong' }, /has no database elsewhere/],
  ])('a pooler %s ends the run', async (_name, settings, said) => {
    await use(settings);
    const ended = await endOf(lab, await runOf());
    expect(ended).toMatchObject({ state: 'failed', liveDatabase: 'old-running' });
    expect(ended.problem?.detail).toMatch(said);
    expect(stepOf(ended, 'recover').state).toBe('skipped');
  });

  test('one that somebody else has paused ends the run, and stays paused', async () => {
    await use({ pooler: 'session' });
    await sessions.console('PAUSE system');
    const ended = await endOf(lab, await runOf());
    expect(ended.problem?.detail).toMatch(/holds system already/);
    expect(await paused(sessions)).toBe(true);
    await sessions.console('RESUME system');
  });

  test('one that does not answer ends the run', async () => {
    await use({ pooler: 'session' });
    await sessions.kill();
    const ended = await endOf(lab, await runOf());
    expect(ended.problem).toMatchObject({ type: 'urn:barback:problem:application-unreachable' });
    expect(ended.liveDatabase).toBe('old-running');
  });
});

function use(settings: object): Promise<void> {
  return setApplications(lab, [{ kind: 'pgbouncer', name: 'pool', ...settings }]);
}

async function runOf(): Promise<string> {
  return (await startRun(lab, await planNow())).id;
}

/** A restore to an instant with commits on both sides of it. */
async function planNow(): Promise<PlanBody> {
  await writer.written(20);
  const time = await momentOf(lab);
  await writer.written(20);
  return planOnceReachable(lab, { type: 'time', time });
}

/** Each as its address at PgBouncer, which a new connection does not have. */
async function clients(): Promise<string[]> {
  const rows = await pool.console('SHOW CLIENTS');
  return rows
    .split('\n')
    .map((row) => row.split('|'))
    .filter((row) => row[1] === 'app')
    .map((row) => String(row[5]))
    .toSorted();
}

async function paused(where: Pgbouncer): Promise<boolean> {
  const rows = (await where.console('SHOW DATABASES')).split('\n').map((row) => row.split('|'));
  const row = rows.find((one) => one[0] === lab.postgres.database);
  return row?.at(-2) === '1';
}

async function client({ port }: Pgbouncer): Promise<Client> {
  const made = new Client({ host: '127.0.0.1', port, user: 'app', database: lab.postgres.database });
  made.on('error', () => undefined);
  await poll('a session', 20_000, () =>
    made.connect().then(
      () => true as const,
      () => undefined,
    ),
  );
  return made;
}
