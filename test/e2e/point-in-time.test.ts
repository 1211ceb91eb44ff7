import { incidentListSchema } from '@barback/api/incidents/incident-schema.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { isStreaming } from '../lab/barman-server.ts';
import { listBackups, waitForCleanCheck } from '../lab/barman-backup.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { planDrill, request, runDrill, type RunBody } from '../support/barback-client.ts';
import { carryOutWell, cutoverOf, planPointInTime, planUndo } from '../support/cutover-client.ts';
import { settledLab } from '../support/settled-lab.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let restored: RunBody;
let undone: RunBody;
let dropXid: number;

beforeAll(async () => {
  ({ lab, stop } = await settledLab({ tablespace: true }));
  await note('before the drop');
  // Names are learned while the tables exist.
  await planDrill(lab, { type: 'latest' });
  await sql(lab.postgres, 'DROP TABLE invoices');
  await note('after the drop');
});

afterAll(async () => {
  await stop();
});

test('a dropped table is back after three calls, with everything before the drop and nothing behind it', async () => {
  const incident = await poll('the drop in the list', 60_000, async () => {
    const found = await request(lab, 'GET', `/v1/servers/${lab.server}/transactions?kind=drop&relation=invoices`);
    return incidentListSchema.parse(found.json).transactions[0];
  });
  dropXid = incident.xid;
  const plan = await planPointInTime(lab, incident.target);
  restored = await carryOutWell(lab, plan);
  expect(await notes()).toEqual(['before the drop']);
  expect(Number(await sql(lab.postgres, 'SELECT count(*) FROM invoices'))).toBeGreaterThan(0);
  const cutover = cutoverOf(restored);
  expect(cutover.live?.timeline).toBe(2);
  expect(cutover.outage.seconds).toBeGreaterThan(0);
  expect(restored.liveDatabase).toBe('new-running');
  expect(cutover.analyzed).toMatchObject({ complete: true, hindrance: null });
  const analyzed = "SELECT last_analyze IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'invoices'";
  expect(await sql(lab.postgres, analyzed)).toBe('t');
  await protectedAgain(cutover.backup?.backupId);
});

test('what was live is kept and listed, and so is every commit behind the target', async () => {
  const kept = await request(lab, 'GET', `/v1/servers/${lab.server}/kept`);
  expect(kept.json).toMatchObject({ kept: [{ plan: restored.planId, state: 'shut down', timeline: 1, intact: true }] });
  const after = await runDrill(
    lab,
    { type: 'xid', xid: dropXid + 1, inclusive: true, timeline: 1 },
    { probes: [newestNote] },
  );
  expect(after.result?.probes[0]?.rows).toEqual([{ text: 'after the drop' }]);
});

test('a drill to an instant after the cutover succeeds', async () => {
  await note('written after the restore');
  const drill = await runDrill(lab, { type: 'latest' }, { probes: [newestNote] });
  expect(drill.state, JSON.stringify(drill.problem)).toBe('succeeded');
  expect(drill.result?.probes[0]?.rows).toEqual([{ text: 'written after the restore' }]);
});

test('one call takes it back: the former state with its newest commits, on a timeline of its own', async () => {
  undone = await carryOutWell(lab, await planUndo(lab, restored));
  expect(await notes()).toEqual(['before the drop', 'after the drop']);
  expect(await sql(lab.postgres, "SELECT to_regclass('invoices') IS NULL")).toBe('t');
  expect(cutoverOf(undone).live?.timeline).toBe(3);
  expect((await request(lab, 'GET', `/v1/runs/${restored.id}`)).json).toMatchObject({ undoneBy: undone.id });
  await protectedAgain(cutoverOf(undone).backup?.backupId);
});

test('and the undo is undone the same way, with what was written to the restored database', async () => {
  const again = await carryOutWell(lab, await planUndo(lab, undone));
  expect(await notes()).toEqual(['before the drop', 'written after the restore']);
  expect(cutoverOf(again).live?.timeline).toBe(4);
  await protectedAgain(cutoverOf(again).backup?.backupId);
});

const newestNote = { name: 'newest note', database: 'system', sql: 'SELECT text FROM notes ORDER BY id DESC LIMIT 1' };

async function note(text: string): Promise<void> {
  await sql(lab.postgres, 'CREATE TABLE IF NOT EXISTS notes (id serial PRIMARY KEY, text text NOT NULL)');
  await sql(lab.postgres, `INSERT INTO notes (text) VALUES ('${text}')`);
}

async function notes(): Promise<string[]> {
  return (await sql(lab.postgres, 'SELECT text FROM notes ORDER BY id')).split('\n').filter((one) => one !== '');
}

async function protectedAgain(backupId: string | undefined): Promise<void> {
  expect((await listBackups(lab.barman)).find((one) => one.id === backupId)?.status).toBe('DONE');
  expect(await isStreaming(lab.postgres)).toBe(true);
  await waitForCleanCheck(lab.barman);
}
