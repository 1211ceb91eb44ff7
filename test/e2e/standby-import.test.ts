import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import type { ExchangeResult, StandbyImportResult } from '@barback/api/scenarios/import-result.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listBackups, waitForCleanCheck } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import type { WritingApplication } from '../lab/writing-application.ts';
import { applicationOf } from '../support/application-scene.ts';
import { endOf, request, startRun, type PlanBody, type RunBody } from '../support/barback-client.ts';
import { dumpsOf, importState, planImport } from '../support/import-client.ts';
import { carryOutWell, planUndo } from '../support/cutover-client.ts';
import { configureImport, standbyPassword, importScene, type ManagedStandby } from '../support/managed-standby.ts';
import { openWay } from '../support/way.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let standby: ManagedStandby;
let writer: WritingApplication | undefined;
let imported: RunBody;

beforeAll(async () => {
  ({ lab, standby, stop } = await importScene());
  await sql(lab.postgres, `ALTER DATABASE ${lab.postgres.database} SET search_path = "$user", public`, 'postgres');
  writer = await applicationOf(lab);
});

afterAll(async () => {
  await writer?.close();
  await stop();
});

test('a source whose connection is cut in the middle changes nothing, and leaves nothing behind', async () => {
  await standby.sql(
    'CREATE TABLE filler AS SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 20000) n; ALTER TABLE filler OWNER TO smartsapp',
  );
  const way = await openWay(() => connect(standby.port, '127.0.0.1'), { afterBytes: 4_000_000 });
  try {
    await configureImport(lab, standby, { port: way.port });
    const before = await importState(lab);
    const run = await ended(await planImport(lab));
    expect(run.state).toBe('failed');
    expect(run.problem?.type).toMatch(/:(import-failed|source-unreachable)$/);
    expect(await importState(lab)).toEqual(before);
  } finally {
    await way.close();
    await configureImport(lab, standby);
    await standby.sql('DROP TABLE filler');
  }
});

test('what a dump would execute runs as a role without rights: a hostile source ends the load, and live is as it was', async () => {
  const trap = path.join('/var/tmp', `barback-trap-${process.pid}`);
  await standby.sql(
    `CREATE FUNCTION evil() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
       IF current_setting('server_version_num')::int > 0 AND current_database() <> 'defaultdb' THEN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch ${trap}'''; END IF;
       RETURN 1; END $$;
     ALTER FUNCTION evil() OWNER TO smartsapp;
     CREATE MATERIALIZED VIEW trap AS SELECT evil(); ALTER MATERIALIZED VIEW trap OWNER TO smartsapp`,
  );
  try {
    const before = await importState(lab);
    const run = await ended(await planImport(lab));
    expect(run.state).toBe('failed');
    expect(run.problem?.detail).toMatch(/pg_restore.*(COPY|permission denied|must be superuser)/s);
    expect(existsSync(trap)).toBe(false);
    expect(await importState(lab)).toEqual(before);
  } finally {
    await standby.sql('DROP MATERIALIZED VIEW trap; DROP FUNCTION evil()');
  }
});

test('the contents of the standby take the place of the database, with every row and privilege, and the application writes there', async () => {
  const made = await planImport(lab);
  expect(made.findings).toMatchObject([{ code: 'import-loss', severity: 'warning' }]);
  imported = await carryOutWell(lab, made);
  const { dump, load, exchange, backup } = imported.result as unknown as StandbyImportResult;
  expect(load).toMatchObject({ tables: dump?.tables, rows: dump?.rows, leftOut: [] });
  expect(load?.compared).toContainEqual({ table: 'public.customers', imported: 500, live: 20 });
  expect(load?.onlyLive.map(({ table }) => table)).toEqual(['public.invoices', 'public.orders']);
  expect(exchange.sessionsEnded).toBeGreaterThanOrEqual(0);
  expect(exchange.outageSeconds).toBeGreaterThan(0);
  expect(await sql(lab.postgres, 'SELECT count(*), max(id) FROM billing.invoices')).toBe('500|500');
  expect(await sql(lab.postgres, 'SELECT customers FROM totals')).toBe('500');
  expect(await sql(lab.postgres, "SELECT nextval('customers_id_seq')")).toBe('901');
  expect(await sql(lab.postgres, "SELECT has_table_privilege('app', 'ledger', 'INSERT')")).toBe('t');
  expect(await sql(lab.postgres, 'SHOW search_path')).toBe('"$user", public');
  await writer?.written(20);
  expect(Number(await sql(lab.postgres, 'SELECT count(*) FROM ledger'))).toBeGreaterThanOrEqual(20);
  expect((await listBackups(lab.barman)).find(({ id }) => id === backup?.backupId)?.status).toBe('DONE');
  await waitForCleanCheck(lab.barman);
  expect(await dumpsOf(lab)).toEqual([]);
});

test('what was replaced is kept and listed, lets nobody in, and no password is in the record', async () => {
  const { exchange } = imported.result as unknown as { exchange: ExchangeResult };
  const kept = await request(lab, 'GET', `/v1/servers/${lab.server}/kept`);
  expect(kept.json).toMatchObject({
    kept: [],
    databases: [{ plan: imported.planId, replaced: 'system', name: exchange.kept }],
  });
  await expect(sql(lab.postgres, 'SELECT 1', exchange.kept ?? '')).rejects.toThrow(
    'not currently accepting connections',
  );
  const audit = await request(lab, 'GET', '/v1/audit/export', { role: 'admin' });
  expect(audit.text).not.toContain(standbyPassword);
});

test('one call takes it back, with what was written to the former database, and the same again', async () => {
  const undone = await carryOutWell(lab, await planUndo(lab, imported));
  expect(await sql(lab.postgres, 'SELECT count(*) FROM customers')).toBe('20');
  await writer?.written(5);
  const taken = await request(lab, 'GET', `/v1/runs/${imported.id}`);
  expect(taken.json).toMatchObject({ undoneBy: undone.id });
  const again = await carryOutWell(lab, await planUndo(lab, undone));
  expect(await sql(lab.postgres, 'SELECT count(*) FROM customers')).toBe('500');
  await writer?.written(5);
  const accepted = await request(lab, 'POST', `/v1/runs/${again.id}/accept`, { body: {} });
  const drop = accepted.json as PlanBody & { hash: string };
  await request(lab, 'POST', `/v1/plans/${drop.id}/approvals`, { role: 'approver', body: { hash: drop.hash } });
  await carryOutWell(lab, drop);
  expect((await importState(lab)).databases).toHaveLength(4);
});

async function ended(made: PlanBody): Promise<RunBody> {
  return endOf(lab, (await startRun(lab, made)).id);
}
