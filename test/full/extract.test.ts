import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { planViewSchema } from '@barback/api/planner/plan-view.ts';
import type { ExtractResult } from '@barback/api/scenarios/extract-result.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { archiveWal } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { killProgram, startProgram } from '../lab/programs.ts';
import { sql } from '../lab/psql.ts';
import { mustRun } from '../lab/run-command.ts';
import {
  endOf,
  planDrill,
  request,
  startRun,
  stepOf,
  waitForRun,
  type PlanBody,
  type RunBody,
} from '../support/barback-client.ts';
import { planPointInTime } from '../support/cutover-client.ts';
import { settledLab } from '../support/settled-lab.ts';

// A table dropped, another with rows deleted, names that would break what quotes them wrongly (T37).

const hostile = `public.we"ird $(touch x) * TABLE`;
const tables = ['public.customers_old', hostile, 'public.children'];

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let target: object;
let started: string;

const live = async (query: string): Promise<string> => (await sql(lab.postgres, query)).trim();

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
  await live(`
    CREATE TABLE parents (id int PRIMARY KEY);
    INSERT INTO parents SELECT generate_series(1, 10);
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE FUNCTION seven() RETURNS int LANGUAGE sql AS 'SELECT 7';
    CREATE TABLE customers_old (id serial PRIMARY KEY, name text NOT NULL, seven int DEFAULT seven());
    INSERT INTO customers_old (name) SELECT 'customer ' || g FROM generate_series(1, 1000) g;
    CREATE INDEX customers_old_by_name ON customers_old (name);
    CREATE TABLE children (id int, parent int REFERENCES parents, customer int REFERENCES customers_old);
    INSERT INTO children SELECT g, 1 + g % 10, g FROM generate_series(1, 50) g;
    CREATE TRIGGER noted BEFORE INSERT ON children FOR EACH ROW EXECUTE FUNCTION nothing();
    CREATE TABLE "we""ird $(touch x) * TABLE" (a int);
    INSERT INTO "we""ird $(touch x) * TABLE" VALUES (1), (2);
    CREATE TABLE partitioned (id int) PARTITION BY RANGE (id);
    CREATE TABLE partitioned_1 PARTITION OF partitioned FOR VALUES FROM (1) TO (100);
    INSERT INTO partitioned SELECT generate_series(1, 20);
    CREATE TABLE heirs () INHERITS (parents);
    INSERT INTO heirs SELECT generate_series(100, 104);
    CREATE FUNCTION spy(a int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$BEGIN
      RAISE EXCEPTION 'run as %', current_user; EXCEPTION WHEN raise_exception THEN RETURN true; END$$;
    CREATE TABLE watched (id int CHECK (spy(id)), sevens int GENERATED ALWAYS AS (id * 7) STORED);
    CREATE INDEX watched_spied ON watched (spy(id));
    CREATE INDEX watched_plain ON watched (abs(id));
    CREATE STATISTICS watched_statistics ON id, sevens FROM watched;
    INSERT INTO watched SELECT generate_series(1, 5);
    CREATE DOMAIN spied AS varchar(9) CHECK (spy(length(VALUE)));
    CREATE DOMAIN spied_again AS spied NOT NULL;
    CREATE DOMAIN short AS text CHECK (length(VALUE) < 9);
    CREATE TABLE typed (id int, name spied_again, short short DEFAULT 'x');
    INSERT INTO typed SELECT g, 'n' || g FROM generate_series(1, 7) g;
    CREATE TABLE nested (id int, names spied[]);
    INSERT INTO nested VALUES (1, '{a,b}');
    CREATE UNLOGGED TABLE volatile (id int);
    CREATE SCHEMA earlier;
    CREATE TABLE earlier.customers_old (id int);`);
  // Names are learned while the tables exist.
  await planDrill(lab, { type: 'latest' });
  const xid = Number(await live('DROP TABLE customers_old CASCADE; SELECT txid_current() - 1'));
  await live('DELETE FROM children');
  await live('DROP TABLE partitioned_1');
  await live('DROP SCHEMA earlier CASCADE');
  await live('INSERT INTO "we""ird $(touch x) * TABLE" VALUES (3)');
  await archiveWal(lab);
  target = { type: 'before-transaction', xid };
  started = await live('SELECT pg_postmaster_start_time()');
});

afterAll(() => stop());

test('a plan of a restore of live offers it first, as a body that can be sent', async () => {
  const plan = await planPointInTime(lab, target);
  const found = plan.findings.find((one) => one.code === 'extract-instead');
  expect(found?.detail).toContain('public.customers_old');
  const body = JSON.parse(found?.remedy.slice(found.remedy.indexOf('{')) ?? '') as object;
  const answer = await request(lab, 'POST', '/v1/plans', { body });
  expect(answer.status, answer.text).toBe(201);
  expect(planViewSchema.parse(answer.json)).toMatchObject({ scenario: 'extract', state: 'ready', into: 'restored' });
});

test('tables are back in a schema of their own, row by row, and live was neither stopped nor changed elsewhere', async () => {
  const before = await everythingElse();
  const { dump, loaded } = await extracted({ database: 'system', tables, into: { schema: 'restored' } });
  expect(loaded?.tables).toEqual([
    { table: 'public.customers_old', rows: 1000 },
    { table: hostile, rows: 2 },
    { table: 'public.children', rows: 50 },
  ]);
  expect(dump?.leftOut).toEqual([
    'default of public.customers_old.seven',
    'foreign key children_parent_fkey of public.children',
    'trigger noted of public.children',
  ]);
  expect(await live('SELECT count(*), min(name), max(id) FROM restored.customers_old')).toBe('1000|customer 1|1000');
  expect(await live('SELECT sum(parent) FROM restored.children')).toBe('275');
  expect(await live('SELECT count(*) FROM restored."we""ird $(touch x) * TABLE"')).toBe('2');
  // Its sequence and index came along, and the foreign key between the two.
  expect(Number(await live("INSERT INTO restored.customers_old (name) VALUES ('new') RETURNING id"))).toBeGreaterThan(
    1000,
  );
  expect(await live("SELECT count(*) FROM pg_indexes WHERE schemaname = 'restored'")).toBe('2');
  expect(await live("SELECT conname FROM pg_constraint WHERE conrelid = 'restored.children'::regclass")).toBe(
    'children_customer_fkey',
  );
  expect(await everythingElse()).toBe(before);
  expect(await live('SELECT pg_postmaster_start_time()')).toBe(started);
  expect(existsSync(path.join(path.dirname(lab.postgres.dataDir), 'x'))).toBe(false);
});

test('what is loaded does not join the tables of live: not the parent, not the partitioned one, and no function of theirs runs', async () => {
  const before = await joined();
  const names = ['public.partitioned_1', 'public.heirs', 'public.watched'];
  const { dump, loaded } = await extracted({ database: 'system', tables: names, into: { schema: 'apart' } });
  expect(loaded?.tables.map((one) => one.rows)).toEqual([20, 5, 5]);
  expect(dump?.leftOut).toEqual([
    'inheritance of public.heirs from public.parents',
    'inheritance of public.partitioned_1 from public.partitioned',
    'check watched_id_check of public.watched',
    'index watched_spied of public.watched',
    'statistics watched_statistics of public.watched',
  ]);
  expect(await joined()).toBe(before);
  expect(await live('SELECT sum(sevens) FROM apart.watched')).toBe('105');
  expect(await live("SELECT indexname FROM pg_indexes WHERE schemaname = 'apart'")).toBe('watched_plain');
});

test('no check of a domain runs as the superuser who loads: the type under it takes its place, or the load is refused', async () => {
  const typed = { database: 'system', tables: ['public.typed'], into: { schema: 'untyped' } };
  const { dump, loaded } = await extracted(typed);
  expect(loaded?.tables).toEqual([{ table: 'public.typed', rows: 7 }]);
  expect(dump?.leftOut).toEqual(['domain public.spied_again of public.typed.name']);
  const types =
    "SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'untyped.typed'::regclass AND attnum > 0";
  expect(await live(types)).toBe('integer, character varying(9), short');
  const nested = { database: 'system', tables: ['public.nested'], into: { schema: 'refused' } };
  const run = await runExtract(nested);
  expect(run.problem?.detail).toContain('public.nested.names holds a domain whose check calls a function');
  expect(await live("SELECT count(*) FROM pg_namespace WHERE nspname = 'refused'")).toBe('0');
  expect((await extracted({ database: 'system', tables: ['public.nested'] })).dump?.tables[0]?.rows).toBe(1);
});

test('a live that publishes all its tables gets none that its subscribers lack', async () => {
  await live('CREATE PUBLICATION everything FOR ALL TABLES');
  try {
    const run = await runExtract({ database: 'system', tables: ['public.children'], into: { schema: 'published' } });
    expect(run.problem?.detail).toContain('live publishes all tables (everything)');
    expect(stepOf(run, 'recover').state).toBe('skipped');
  } finally {
    await live('DROP PUBLICATION everything');
  }
});

test('a dump alone stays in a file that only the agent reads, with the hash that the report tells', async () => {
  const { dump, loaded } = await extracted({ database: 'system', tables: ['public.customers_old'] });
  expect(loaded).toBeNull();
  const file = dump?.file ?? '';
  const { mode, size } = await stat(file);
  expect([mode & 0o777, size]).toEqual([0o600, dump?.bytes]);
  expect((await mustRun(['sha256sum', '--', file])).split(' ')[0]).toBe(dump?.sha256);
  const list = await mustRun([path.join(lab.postgres.binDir, 'pg_restore'), '--list', file]);
  expect(list).toMatch(/TABLE DATA public customers_old/);
  await rm(path.dirname(file), { recursive: true });
});

test.each([
  ['a schema that is there', { tables: ['public.children'], into: { schema: 'restored' } }, /restored exists on live/],
  [
    'a schema that is there at the target',
    { tables: ['public.customers_old'], into: { schema: 'earlier' } },
    /earlier is there at the target/,
  ],
  ['an unlogged table', { tables: ['public.volatile'] }, /is unlogged/],
  ['a catalogue', { tables: ['pg_catalog.pg_authid'] }, /belongs to PostgreSQL itself/],
  ['a table that is not in the copy', { tables: ['public.never_was'] }, /public.never_was is not in the copy/],
  ['a partitioned table', { tables: ['public.partitioned'] }, /is partitioned: name its partitions/],
])('%s is refused, and nothing is left of the try', async (_what, options, told) => {
  const before = await everythingElse();
  const dumps = await leftovers();
  const run = await runExtract({ database: 'system', ...options });
  expect(run.state).toBe('failed');
  expect(run.problem).toMatchObject({ type: 'urn:barback:problem:extract-refused' });
  expect(run.problem?.detail).toMatch(told);
  expect(await everythingElse()).toBe(before);
  expect(await leftovers()).toBe(dumps);
});

test('an agent that is killed while it dumps and loads leaves either all of it or nothing', async () => {
  const options = { database: 'system', tables: ['public.customers_old'], into: { schema: 'again' } };
  const run = await startRun(lab, await planExtract(options));
  await waitForRun(lab, run.id, (one) => stepOf(one, 'dump').state !== 'pending');
  for (const victim of ['executor', 'runner'] as const) await killProgram(lab, victim).catch(() => undefined);
  await startProgram(lab, 'executor');
  const done = await endOf(lab, run.id);
  const rows = await live("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'again'");
  expect([done.state, rows]).toEqual(done.state === 'succeeded' ? ['succeeded', '1'] : ['failed', '0']);
});

async function planExtract(options: object): Promise<PlanBody> {
  const body = { server: lab.server, scenario: 'extract', target, options };
  const answer = await request(lab, 'POST', '/v1/plans', { body });
  if (answer.status !== 201) throw new Error(`cannot plan: ${answer.status} ${answer.text}`);
  return answer.json as PlanBody;
}

async function runExtract(options: object): Promise<RunBody> {
  const run = await startRun(lab, await planExtract(options));
  return endOf(lab, run.id);
}

async function extracted(options: object): Promise<ExtractResult> {
  const run = await runExtract(options);
  if (run.state !== 'succeeded') throw new Error(`the extract did not succeed: ${JSON.stringify(run, null, 1)}`);
  return run.result as unknown as ExtractResult;
}

/** Tables of live besides those that were loaded, with their rows. */
async function everythingElse(): Promise<string> {
  return live(`SELECT string_agg(format('%s.%s', schemaname, relname), ',' ORDER BY 1),
    (SELECT count(*) FROM children), (SELECT count(*) FROM "we""ird $(touch x) * TABLE") FROM pg_stat_user_tables
    WHERE schemaname NOT IN ('restored', 'apart', 'again')`);
}

/** What live's own tables say, in which something else could have joined. */
async function joined(): Promise<string> {
  return live(`SELECT (SELECT count(*) FROM parents), (SELECT count(*) FROM partitioned), (SELECT count(*) FROM pg_inherits),
    (SELECT count(*) FROM pg_statistic_ext)`);
}

/** Directories of dumps; those of extracts that succeeded stay. */
async function leftovers(): Promise<number> {
  const parent = path.dirname(lab.postgres.dataDir);
  return (await readdir(parent)).filter((name) => name.includes('.extract-')).length;
}
