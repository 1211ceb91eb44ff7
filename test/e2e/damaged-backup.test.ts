import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeBackup } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { planDrill, runDrill } from '../support/barback-client.ts';
import { flipByte } from '../support/flip-byte.ts';
import { settledLab } from '../support/settled-lab.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
});

afterAll(() => stop());

test('a flipped byte in the backup fails at the manifest with the name of the file, and cleans up', async () => {
  const backup = await takeBackup({ postgres: lab.postgres, barman: lab.barman });
  const relation = (await sql(lab.postgres, "SELECT pg_relation_filepath('orders')")).trim();
  await flipByte(path.join(lab.barman.home, lab.server, 'base', backup, 'data', relation));
  const run = await runDrill(lab, { type: 'immediate' });
  expect(run.state).toBe('failed');
  expect(run.problem?.type).toBe('urn:barback:problem:manifest-mismatch');
  expect(JSON.stringify(run.problem)).toContain(relation);
  expect(run.steps.find((step) => step.name === 'start')?.state).not.toBe('succeeded');
  const beside = await readdir(path.dirname(lab.postgres.dataDir));
  expect(beside.filter((name) => name.includes('.restore-'))).toEqual([]);
});

test('a probe that tries to escape, or waits for a lock, is refused or ends by its limit, and production feels nothing', async () => {
  await takeBackup({ postgres: lab.postgres, barman: lab.barman });
  const hostile: Readonly<Record<string, string>> = {
    'two statements': 'SELECT 1; SELECT 2',
    'reset role': 'RESET ROLE',
    'set role': 'SET ROLE postgres',
    'copy program': "COPY (SELECT 1) TO PROGRAM 'touch /tmp/barback-escaped'",
    'copy from program': "COPY orders FROM PROGRAM 'touch /tmp/barback-escaped'",
    promote: 'SELECT pg_promote()',
    'backslash program': '\\! touch /tmp/barback-escaped',
    write: "INSERT INTO orders (customer, amount) VALUES ('x', 1)",
    'write in a function': "DO $$ BEGIN EXECUTE 'CREATE TABLE escaped (a int)'; END $$",
    sleep: 'SELECT pg_sleep(3600)',
    'end of transaction': 'COMMIT',
    'read a file': "SELECT pg_read_file('/etc/passwd')",
  };
  const probes = Object.entries(hostile).map(([name, text]) => ({ name, database: 'system', sql: text }));
  const run = await runDrill(lab, { type: 'immediate' }, { probes, statementTimeoutMs: 2_000 });
  expect(run.state).toBe('failed');
  expect(run.problem?.type).toBe('urn:barback:problem:probe-failed');
  const results = run.result?.probes ?? [];
  expect(results.map((probe) => probe.name).toSorted()).toEqual(Object.keys(hostile).toSorted());
  for (const probe of results) expect(probe, probe.name).toMatchObject({ ok: false, rows: null });
  await expect(stat('/tmp/barback-escaped')).rejects.toThrow('ENOENT');
});

test('a copy paused just before a DROP answers that the table is locked, without waiting for ever', async () => {
  await sql(lab.postgres, 'CREATE TABLE doomed AS SELECT generate_series(1, 100) AS id');
  const moment = (
    await sql(lab.postgres, `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`)
  ).trim();
  await sql(lab.postgres, 'DROP TABLE doomed');
  const probe = { name: 'doomed', database: 'system', sql: 'SELECT count(*) FROM doomed' };
  const run = await runDrill(lab, { type: 'time', time: moment }, { probes: [probe], statementTimeoutMs: 2_000 });
  const plan = await planDrill(lab, { type: 'time', time: moment });
  expect(plan.findings.filter((finding) => finding.severity === 'blocking')).toEqual([]);
  const result = run.result?.probes.find((one) => one.name === 'doomed');
  // Locked while paused; readable once the isolated copy is open: the proof names the one that counts.
  expect(result).toMatchObject({ ok: true, rows: [{ count: '100' }] });
});
