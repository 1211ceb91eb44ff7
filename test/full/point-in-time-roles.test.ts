import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { waitForCleanCheck } from '../lab/barman-backup.ts';
import { sql } from '../lab/psql.ts';
import { decide, request, startRun, waitForRun, type RunBody } from '../support/barback-client.ts';
import { planPointInTime, planUndo } from '../support/cutover-client.ts';
import { standbyByHand, type StandbyByHand } from '../support/by-hand/standby-by-hand.ts';
import { settledLab } from '../support/settled-lab.ts';

// Who logs in, who follows and who is followed (T28, T33): none of it may be as it was at the target by accident.

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let standby: StandbyByHand | undefined;
const live = async (query: string, database?: string): Promise<string> =>
  (await sql(lab.postgres, query, database)).trim();

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
});

afterAll(async () => {
  await standby?.stop();
  await stop();
});

test('a person is asked whose passwords count, and what live has now is carried over', async () => {
  await live("CREATE ROLE clerk LOGIN PASSWORD 'first'");
  await live("CREATE ROLE leaver LOGIN PASSWORD 'still here'");
  await live('CREATE TABLE early (id int)');
  const target = { type: 'lsn', lsn: await switchedLsn(), inclusive: true };
  await live("ALTER ROLE clerk PASSWORD 'second'");
  await live("ALTER ROLE leaver NOLOGIN VALID UNTIL '2026-01-01'");
  await live("CREATE ROLE newcomer LOGIN PASSWORD 'new'");
  const [verifier] = await verifiers();
  const run = await started(target);
  const waiting = await until(run, 'waiting');
  expect(waiting.gate?.name).toBe('credentials');
  expect(resultOf(waiting, 'compare-credentials')).toEqual({
    compared: true,
    differ: true,
    changed: [
      { role: 'clerk', what: ['password'] },
      { role: 'leaver', what: ['valid-until', 'login'] },
    ],
    onlyLive: ['newcomer'],
    onlyCopy: [],
    more: 0,
  });
  await decide(lab, run, 'credentials', 'of-live');
  const ended = await until(run, 'succeeded');
  expect(resultOf(ended, 'carry-credentials')).toEqual({ carried: ['clerk', 'leaver'], more: 0 });
  expect(await verifiers()).toEqual([verifier, '2026-01-01 f']);
  expect(await live("SELECT count(*) FROM pg_roles WHERE rolname = 'newcomer'")).toBe('0');
  await waitForCleanCheck(lab.barman);
  const { text } = await request(lab, 'GET', `/v1/runs/${run}/report`);
  const { text: audit } = await request(lab, 'GET', `/v1/audit?run=${run}`);
  for (const told of [text, audit, JSON.stringify(ended)]) expect(told).not.toMatch(/SCRAM-SHA-256\$/);
});

test('without a difference nobody is asked', async () => {
  const lsn = await switchedLsn();
  const run = await started({ type: 'lsn', lsn, inclusive: true });
  const ended = await until(run, 'succeeded');
  const states = ended.steps.filter((step) => step.state === 'skipped').map((step) => step.name);
  expect(states).toEqual(['credentials', 'carry-credentials', 'renew-slot', 'subscriptions', 'enable-subscriptions']);
});

test('commits of the restored server wait for no standby, its subscriptions for a person, and both come back on their word', async () => {
  await live('CREATE TABLE events (id int PRIMARY KEY)');
  await live('CREATE DATABASE reader');
  await live('CREATE TABLE events (id int PRIMARY KEY)', 'reader');
  const { host, port } = lab.postgres;
  const from = `host=${host} port=${port} dbname=nowhere user=postgres`;
  await live(
    `CREATE SUBSCRIPTION feed CONNECTION '${from}' PUBLICATION events WITH (connect = false, slot_name = 'feed')`,
    'reader',
  );
  await live('ALTER SUBSCRIPTION feed ENABLE', 'reader');
  standby = await standbyByHand(lab, 'replica1');
  await live("ALTER SYSTEM SET synchronous_standby_names = 'replica1'");
  await live('SELECT pg_reload_conf()');
  const lsn = await switchedLsn();
  await live('INSERT INTO events VALUES (1)');
  const run = await started({ type: 'lsn', lsn, inclusive: true }, [
    'standbys',
    'synchronous-names',
    'logical-replication',
  ]);
  const first = await until(run, 'waiting');
  expect(first.gate?.name).toBe('subscriptions');
  expect(resultOf(first, 'disable-subscriptions')).toEqual({ any: true, disabled: ['reader.feed'] });
  expect(await live('SELECT subenabled FROM pg_subscription')).toBe('f');
  // It would wait for ever with the names of before.
  await live('INSERT INTO events VALUES (2)');
  await decide(lab, run, 'subscriptions', 'enable');
  const second = await until(run, 'waiting', 'standbys');
  expect(second.gate?.name).toBe('standbys');
  expect(await live('SELECT subenabled FROM pg_subscription')).toBe('t');
  expect(await live("SELECT current_setting('synchronous_standby_names')")).toBe('');
  await decide(lab, run, 'standbys', 'back');
  const ended = await until(run, 'succeeded');
  expect(resultOf(ended, 'synchronous-names')).toEqual({ synchronousStandbyNames: 'replica1' });
  expect(await live("SELECT setting FROM pg_file_settings WHERE name = 'synchronous_standby_names'")).toBe('replica1');
});

test('nor do commits of what an undo brings back, whoever it once waited for', async () => {
  const { runs } = (await request(lab, 'GET', `/v1/runs?server=${lab.server}&state=succeeded`)).json as {
    runs: RunBody[];
  };
  const restored = runs[0];
  if (restored === undefined) throw new Error('there is no run to undo');
  // The standby followed what was live before, and nobody follows what is live now.
  await standby?.stop();
  standby = undefined;
  const { id } = await startRun(lab, await planUndo(lab, restored));
  const waiting = await until(id, 'waiting');
  expect(waiting.gate?.name).toBe('standbys');
  expect(await live("SELECT current_setting('synchronous_standby_names')")).toBe('');
  await live('INSERT INTO events VALUES (3)');
  expect(await live('SELECT string_agg(id::text, $$ $$ ORDER BY id) FROM events')).toBe('1 3');
  await decide(lab, id, 'standbys', 'back');
  const ended = await until(id, 'succeeded');
  expect(resultOf(ended, 'synchronous-names')).toEqual({ synchronousStandbyNames: 'replica1' });
});

interface GatedRun extends RunBody {
  readonly gate: { readonly name: string } | null;
}

async function started(target: object, acknowledge: readonly string[] = []): Promise<string> {
  const plan = await planPointInTime(lab, target, { acknowledge });
  return (await startRun(lab, plan)).id;
}

async function until(run: string, state: string, gate?: string): Promise<GatedRun> {
  const found = await waitForRun(lab, run, (one) => {
    if (['failed', 'cancelled', 'needs_operator'].includes(one.state)) return true;
    return one.state === state && (gate === undefined || (one as GatedRun).gate?.name === gate);
  });
  if (found.state !== state) throw new Error(`the run is ${found.state}: ${JSON.stringify(found.problem)}`);
  return found as GatedRun;
}

function resultOf(run: RunBody, name: string): unknown {
  return (run.steps.find((step) => step.name === name) as { result?: unknown } | undefined)?.result;
}

async function switchedLsn(): Promise<string> {
  await live('INSERT INTO early SELECT 1');
  const lsn = await live('SELECT pg_current_wal_insert_lsn()');
  await live('INSERT INTO early SELECT 2');
  return lsn;
}

/** Of clerk, whether the password is that of now; of leaver, until when and whether it may log in. */
async function verifiers(): Promise<string[]> {
  const clerk = await live("SELECT rolpassword FROM pg_authid WHERE rolname = 'clerk'");
  const leaver = await live(
    "SELECT to_char(rolvaliduntil, 'YYYY-MM-DD') || ' ' || left(rolcanlogin::text, 1) FROM pg_authid WHERE rolname = 'leaver'",
  );
  return [clerk, leaver];
}
