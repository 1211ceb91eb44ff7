import { readdir, readFile, stat, truncate, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { sweepScratches } from '@barback/agent/operations/sweep-scratches.ts';
import { nowMicros } from '@barback/agent/system/clock.ts';
import type { StandbyImportResult } from '@barback/api/scenarios/import-result.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { startPgbouncer } from '../lab/pgbouncer.ts';
import { killProgram, startProgram } from '../lab/programs.ts';
import { sql } from '../lab/psql.ts';
import { mustRun } from '../lab/run-command.ts';
import { operationsHost, type OperationsHost, type PlanOperations } from '../e2e/operations-host.ts';
import { restlessClients } from '../e2e/restless-clients.ts';
import { decide, endOf, request, startRun, stepOf, waitForRun } from '../support/barback-client.ts';
import { carryOutWell, planUndo } from '../support/cutover-client.ts';
import { importState, planImport } from '../support/import-client.ts';
import { rescueArgv } from '../support/rescue-by-hand.ts';
import { configureImport, importScene, managedImport, type ManagedStandby } from '../support/managed-standby.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let standby: ManagedStandby;

beforeAll(async () => {
  ({ lab, standby, stop } = await importScene());
});

afterAll(async () => {
  await stop();
});

describe('a plan is blocked', () => {
  const found = async (options: object = {}) => {
    const { state, findings } = await planImport(lab, options);
    const severe = findings.filter(({ severity }) => severity === 'blocking').map(({ code }) => code);
    expect(state).toBe(severe.length > 0 ? 'blocked' : 'ready');
    return severe;
  };

  test('by a pool in front of the source', async () => {
    const pool = await startPgbouncer(lab, 'transaction');
    const source = { host: '127.0.0.1', port: pool.port, database: 'system', role: 'app' };
    await configureImport(lab, standby, { ...source, caFile: undefined, passwordFile: undefined });
    // The rights of the role there are not what this is about.
    expect(await found({ privileges: 'drop' })).toContain('import-pooled');
    await pool.kill();
    await configureImport(lab, standby);
    expect(await found()).toEqual([]);
  });

  test('by a role of the source that is not here, unless privileges are dropped', async () => {
    await standby.sql('CREATE ROLE analyst; GRANT SELECT ON customers TO analyst');
    expect(await found()).toEqual(['import-role-missing']);
    expect(await found({ privileges: 'drop' })).toEqual([]);
    await standby.sql('REVOKE ALL ON customers FROM analyst; DROP ROLE analyst');
  });

  test('by what the role may not read: row security, a large object', async () => {
    await standby.sql(`ALTER TABLE customers ENABLE ROW LEVEL SECURITY; SELECT lo_create(4711)`);
    expect(await found()).toEqual(['import-unreadable']);
    const { findings } = await planImport(lab);
    expect(findings[0]?.detail).toContain('large object 4711, public.customers');
    await standby.sql(`ALTER TABLE customers DISABLE ROW LEVEL SECURITY; SELECT lo_unlink(4711)`);
  });

  test('by a superuser who would load, a source that is over, and a database that is not there', async () => {
    const { database } = lab.postgres;
    await configureImport(lab, standby, { into: { database, role: 'barman' } });
    expect(await found()).toEqual(['import-role']);
    await configureImport(lab, standby, { validUntil: '2026-01-01' });
    expect(await found()).toEqual(['import-expired']);
    await configureImport(lab, standby, { into: { database: 'nowhere', role: 'app' } });
    expect(await found()).toEqual(['import-database-missing']);
    await configureImport(lab, standby);
  });

  test('by an extension that needs a superuser, until somebody has made it here; then it comes along', async () => {
    await standby.sql(
      'CREATE SCHEMA tools; ALTER SCHEMA tools OWNER TO smartsapp; CREATE EXTENSION pageinspect SCHEMA tools',
    );
    await standby.sql(eventTrigger);
    expect(await found()).toEqual(['import-extension-untrusted']);
    await sql(lab.postgres, 'CREATE EXTENSION pageinspect');
    expect(await found()).toEqual([]);
    const run = await carryOutWell(lab, await planImport(lab));
    const { load } = run.result as unknown as StandbyImportResult;
    expect(load?.leftOut).toEqual(['EVENT TRIGGER - audit postgres']);
    const extensions =
      "SELECT string_agg(extname || ' ' || extnamespace::regnamespace, ', ' ORDER BY extname) FROM pg_extension";
    expect(await sql(lab.postgres, extensions)).toBe('pageinspect tools, pg_trgm public, plpgsql pg_catalog');
    await carryOutWell(lab, await planUndo(lab, run));
    await standby.sql('DROP EVENT TRIGGER audit; DROP EXTENSION pageinspect, pg_trgm');
    await sql(lab.postgres, 'DROP EXTENSION pageinspect');
  });
});

const eventTrigger = `CREATE EXTENSION pg_trgm;
CREATE FUNCTION tell() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE FUNCTION tell()`;

describe('a dump that is not what was dumped', () => {
  let operations: OperationsHost;
  let plan: PlanOperations;
  const onto = { import: 'managed', database: 'system', extensions: [] };
  let oid: number;
  let directory: string;

  beforeAll(async () => {
    operations = await operationsHost(lab);
    operations.host.server.imports = { managed: managedImport(lab, standby) };
    oid = Number(await sql(lab.postgres, "SELECT oid FROM pg_database WHERE datname = 'system'"));
  });

  afterAll(async () => {
    await operations.close();
  });

  beforeEach(async () => {
    plan = operations.plan();
    await plan.run('import-prepare', { ...onto, oid });
    await plan.run('import-dump', { import: 'managed' });
    directory = `${lab.postgres.dataDir}.import-${plan.plan}`;
  });

  const damages: readonly { what: string; type: string; damage: () => Promise<void> }[] = [
    {
      what: 'one whose table of contents is cut off',
      type: 'import-failed',
      damage: () => truncate(path.join(directory, 'toc.dat'), 3_000),
    },
    {
      what: 'one in which a file is cut off',
      type: 'import-failed',
      damage: async () => truncate(await largest(), 1_000),
    },
    { what: 'one in which a file is missing', type: 'import-failed', damage: async () => unlink(await largest()) },
    { what: 'one in which rows are missing', type: 'import-differs', damage: async () => loseRows(await invoices()) },
  ];

  test.for(damages)('never reaches the name of live: $what', async ({ type, damage }) => {
    const before = await importState(lab);
    await damage();
    const problem = await plan.problem('import-load', { ...onto, oid, privileges: false });
    expect(problem.type).toBe(`urn:barback:problem:${type}`);
    expect(await plan.observe('import-load', { ...onto, oid, privileges: false })).toEqual({ is: 'absent' });
    const swap = { database: 'system', oid, incoming: { from: 'import' as const }, deadlineMs: 5_000 };
    expect((await plan.problem('database-swap', swap)).type).toBe('urn:barback:problem:nothing-kept');
    expect(await importState(lab)).toEqual(before);
    await plan.run('import-discard', { fresh: true });
    expect((await importState(lab)).databases).toHaveLength(before.databases.length - 1);
  });

  test('what a run has left whose api is gone for ever is swept, dump and database, and not while it holds the server', async () => {
    const before = await importState(lab);
    const later = nowMicros() + 73 * 3_600_000_000;
    await sweepScratches(operations.host, plan.plan, later);
    await sweepScratches(operations.host, null, nowMicros());
    expect(await importState(lab)).toEqual(before);
    await sweepScratches(operations.host, null, later);
    const after = await importState(lab);
    expect(after.dumps).toEqual([]);
    expect(after.databases.filter((name) => name.includes('_import_'))).toEqual([]);
    expect(after.customers).toBe(before.customers);
  });

  async function largest(): Promise<string> {
    const names = (await readdir(directory)).filter((name) => name.endsWith('.dat.gz'));
    const sized = await Promise.all(
      names.map(async (name) => ({ name, size: (await stat(path.join(directory, name))).size })),
    );
    return path.join(directory, sized.toSorted((a, b) => b.size - a.size)[0]?.name ?? '');
  }

  /** Rows that no other table refers to. */
  async function invoices(): Promise<string> {
    for (const name of await readdir(directory)) {
      const file = path.join(directory, name);
      if (name.endsWith('.dat.gz') && /^\d+\t2026-/.test(gunzipSync(await readFile(file)).toString())) return file;
    }
    throw new Error(`there are no invoices of 2026 in ${directory}`);
  }

  /** A whole archive, and a whole file in it. */
  async function loseRows(file: string): Promise<void> {
    const lines = gunzipSync(await readFile(file))
      .toString()
      .split('\n');
    await writeFile(file, gzipSync(lines.slice(10).join('\n')));
  }
});

describe('whatever is killed', () => {
  test.for([
    ['api', 'dump'],
    ['executor', 'dump'],
    ['runner', 'dump'],
    ['api', 'load'],
    ['executor', 'load'],
    ['runner', 'load'],
    ['api', 'swap'],
    ['executor', 'swap'],
    ['runner', 'swap'],
  ] as const)(
    '%s in the step %s: the run goes on to its end, with exactly one database more',
    async ([program, step]) => {
      const before = await importState(lab);
      const run = await startRun(lab, await planImport(lab));
      await waitForRun(lab, run.id, (one) => stepOf(one, step).startedAt !== null);
      await killProgram(lab, program);
      if (program !== 'runner') await startProgram(lab, program);
      const done = await endOf(lab, run.id);
      // A runner that dies before it has begun has lost its job: then everything is as it was.
      if (program === 'runner' && done.problem?.type === 'urn:barback:problem:job-lost') {
        return requireAsBefore(before);
      }
      expect(done.state, JSON.stringify(done.problem)).toBe('succeeded');
      expect(await sql(lab.postgres, 'SELECT count(*) FROM customers')).toBe('500');
      const { databases, dumps } = await importState(lab);
      expect(databases).toHaveLength(before.databases.length + 1);
      expect(dumps).toEqual([]);
      await carryOutWell(lab, await planUndo(lab, done));
      expect(await sql(lab.postgres, 'SELECT count(*) FROM customers')).toBe('20');
      await sql(lab.postgres, await dropKept(), 'postgres');
    },
  );

  async function requireAsBefore(before: object): Promise<void> {
    expect(await importState(lab)).toEqual(before);
  }

  /** Undone runs leave what was imported behind. */
  async function dropKept(): Promise<string> {
    const names = await sql(lab.postgres, "SELECT datname FROM pg_database WHERE datname ~ '_before_'", 'postgres');
    return names
      .split('\n')
      .map((name) => `DROP DATABASE "${name}";`)
      .join('\n');
  }
});

test('a database that an import left closed is named by the rescue, and opened by it, with nobody else there', async () => {
  const run = await carryOutWell(lab, await planImport(lab));
  // As a host leaves it that goes down between the exchange and the opening.
  await sql(lab.postgres, 'ALTER DATABASE system ALLOW_CONNECTIONS false', 'postgres');
  for (const program of ['api', 'executor'] as const) await killProgram(lab, program);
  const rescue = async (verb: string) => mustRun(await rescueArgv(lab, verb));
  expect(await rescue('status')).toMatch(/^closed +the database system: an import was cut off/m);
  expect(await rescue('lift')).toContain('the database system is open again');
  expect(await sql(lab.postgres, 'SELECT count(*) FROM customers')).toBe('500');
  expect(await rescue('status')).not.toContain('closed');
  for (const program of ['executor', 'api'] as const) await startProgram(lab, program);
  await carryOutWell(lab, await planUndo(lab, run));
});

test('a person who says no at the gate, when everything is loaded, leaves everything as it was', async () => {
  const before = await importState(lab);
  const run = await startRun(lab, await planImport(lab, { confirmBeforeSwap: true }));
  const waiting = await waitForRun(lab, run.id, (one) => one.state === 'waiting');
  const page = await request(lab, 'GET', `/v1/runs/${run.id}.txt`);
  expect(page.text).toMatch(/TABLE +IMPORTED +LIVE\n.* public\.customers +500 +20\n/s);
  expect(stepOf(waiting, 'swap').state).toBe('pending');
  await decide(lab, run.id, 'confirm-swap', 'cancel');
  expect((await endOf(lab, run.id)).state).toBe('cancelled');
  expect(await importState(lab)).toEqual(before);
});

test('clients that connect again and again are out while the names are exchanged, and in the new database afterwards', async () => {
  await sql(
    lab.postgres,
    'CREATE TABLE IF NOT EXISTS ledger (id bigserial PRIMARY KEY, note text); GRANT INSERT ON ledger TO app; GRANT USAGE ON SEQUENCE ledger_id_seq TO app',
  );
  await standby.sql("ALTER TABLE ledger ALTER note SET DEFAULT 'x'");
  const clients = restlessClients(lab.postgres, 'ledger', 6);
  try {
    const run = await carryOutWell(lab, await planImport(lab));
    const at = clients.commits();
    await expect.poll(() => clients.commits(), { timeout: 60_000 }).toBeGreaterThan(at + 20);
    expect(Number(await sql(lab.postgres, 'SELECT count(*) FROM ledger'))).toBeGreaterThan(20);
    const { exchange } = run.result as unknown as StandbyImportResult;
    expect(exchange.sessionsEnded).toBeGreaterThan(0);
    const kept = await request(lab, 'GET', `/v1/servers/${lab.server}/kept.txt`);
    expect(kept.text).toContain(exchange.kept);
  } finally {
    await clients.close();
  }
});
