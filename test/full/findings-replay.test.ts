import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveWal, takeBackup } from '../lab/barman-backup.ts';
import { startCluster, stopCluster } from '../lab/cluster-control.ts';
import { holdCron } from '../lab/hold-cron.ts';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { mustRun } from '../lab/run-command.ts';
import { configureAgent } from '../support/agent-config.ts';
import {
  planDrill,
  request,
  runDrill,
  startRun,
  stepOf,
  waitForRun,
  type PlanBody,
} from '../support/barback-client.ts';
import { codesOf, findingOf } from '../support/plan-findings.ts';
import { settledLab } from '../support/settled-lab.ts';
import { operationsHost, type OperationsHost } from '../e2e/operations-host.ts';

// What recovery trips over in WAL: each is ignored once, and remedied once. One lab, whose past grows from test to test.

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let operations: OperationsHost | undefined;

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
  operations = await operationsHost(lab);
});

afterAll(async () => {
  await operations?.close();
  await stop();
});

describe('a tablespace that was created since the backup', () => {
  let directory = '';

  beforeAll(async () => {
    directory = `${lab.dir}/pg/later`;
    await sql(lab.postgres, `COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; mkdir "${directory}"'`);
    await insert('before the tablespace');
    await sql(lab.postgres, `CREATE TABLESPACE later LOCATION '${directory}'`);
    await insert('behind the tablespace');
    await archiveWal(lab);
  });

  test('blocks a plan that would replay it, and the agent refuses that WAL even when it is asked', async () => {
    const plan = await planDrill(lab, { type: 'latest' });
    expect(plan.state).toBe('blocked');
    expect(findingOf(plan, 'tablespace-created')).toMatchObject({ severity: 'blocking' });
    expect(findingOf(plan, 'tablespace-created').detail).toContain(directory);
    expect((await request(lab, 'POST', `/v1/plans/${plan.id}/runs`)).status).toBe(409);
    const ignored = await problemOfCopy({ type: 'latest' });
    expect(ignored).toMatchObject({ type: 'urn:barback:problem:tablespace-created' });
  });

  test('does not matter for the target that the remedy names: the drill has everything before it', async () => {
    const blocked = await planDrill(lab, { type: 'latest' });
    const plan = await planDrill(lab, targetIn(findingOf(blocked, 'tablespace-created').remedy), newest);
    expect(codesOf(plan)).not.toContain('tablespace-created');
    expect(await newestOrder(plan)).toBe('before the tablespace');
  });

  test('does not matter behind the end of a new base backup', async () => {
    await takeBackup(lab);
    const plan = await planDrill(lab, { type: 'latest' });
    // The copies below are made of this backup, with the tablespace in a directory of theirs.
    expect([plan.state, codesOf(plan)]).toEqual(['ready', []]);
  });
});

describe('settings that were higher for a while in the WAL that is replayed', () => {
  const raised = {
    max_connections: 150,
    max_worker_processes: 12,
    max_wal_senders: 14,
    max_prepared_transactions: 9,
    max_locks_per_transaction: 96,
  };

  beforeAll(async () => {
    for (const [name, value] of Object.entries(raised)) await sql(lab.postgres, `ALTER SYSTEM SET ${name} = ${value}`);
    await restart();
    await insert('while they were raised');
    for (const name of Object.keys(raised)) await sql(lab.postgres, `ALTER SYSTEM RESET ${name}`);
    await restart();
    await insert('lowered again');
    await archiveWal(lab);
  });

  test('stop a copy that does not get them', async () => {
    const plan = operationsOf().plan();
    await plan.recover({ type: 'latest' });
    await forgetCapacity(plan.plan);
    await plan.start({ type: 'latest' });
    const problem = await plan.problem('scratch-replay', { timeline: 1, target: { type: 'latest' }, expect: null });
    expect(problem).toMatchObject({ type: 'urn:barback:problem:recovery-failed' });
    expect(problem.detail).toMatch(/max_[a-z_]+ = \d+ is a lower setting than on the primary/);
    await plan.run('scratch-discard', {});
  });

  test('are given to a copy even when live is down, where nobody can be asked for them', async () => {
    await stopCluster(lab.postgres);
    try {
      const plan = await planDrill(lab, { type: 'latest' }, newest);
      expect(codesOf(plan)).toEqual(['live-down']);
      expect(await newestOrder(plan)).toBe('lowered again');
    } finally {
      await startCluster(lab.postgres);
    }
  });
});

describe('wal_level=minimal in the WAL that is replayed', () => {
  beforeAll(async () => {
    await runMinimal();
    await insert('after wal_level=minimal');
    await archiveWal(lab);
  });

  test('blocks a plan that would replay it, and recovery ends there when it is tried', async () => {
    const plan = await planDrill(lab, { type: 'latest' });
    expect(plan.state).toBe('blocked');
    expect(findingOf(plan, 'wal-level-minimal')).toMatchObject({ severity: 'blocking' });
    expect((await request(lab, 'POST', `/v1/plans/${plan.id}/runs`)).status).toBe(409);
    const ignored = await problemOfCopy({ type: 'latest' });
    expect(ignored).toMatchObject({ type: 'urn:barback:problem:recovery-failed' });
    expect(ignored.detail).toContain('WAL was generated with wal_level=minimal');
  });

  test('does not matter for the target that the remedy names, nor behind the end of a new base backup', async () => {
    const blocked = await planDrill(lab, { type: 'latest' });
    const before = await planDrill(lab, targetIn(findingOf(blocked, 'wal-level-minimal').remedy), newest);
    expect(await newestOrder(before)).toBe('lowered again');
    await takeBackup(lab);
    const behind = await planDrill(lab, { type: 'latest' });
    expect([behind.state, codesOf(behind)]).toEqual(['ready', []]);
  });
});

describe('a library that live preloads and the agent does not let copies load', () => {
  const needing = {
    probes: [{ name: 'needs the library', database: 'system', sql: 'SELECT count(*) >= 0 FROM pg_stat_statements' }],
  };

  beforeAll(async () => {
    await sql(lab.postgres, "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
    await restart();
    await sql(lab.postgres, 'CREATE EXTENSION pg_stat_statements');
    await archiveWal(lab);
  });

  test('is found, and a probe that needs it fails', async () => {
    await configureAgent(lab, (server) => (server.preloadLibraries = []));
    const plan = await planDrill(lab, { type: 'latest' }, needing);
    expect(findingOf(plan, 'preload-library-skipped')).toMatchObject({ severity: 'warning' });
    const run = await startRun(lab, plan);
    const failed = await waitForRun(lab, run.id, (one) => one.state === 'failed');
    expect(JSON.stringify(failed)).toContain('must be loaded via');
    expect(stepOf(failed, 'discard').state).toBe('succeeded');
  });

  test('is loaded once it is listed, and the probe succeeds', async () => {
    await configureAgent(lab, (server) => (server.preloadLibraries = ['pg_stat_statements']));
    const plan = await planDrill(lab, { type: 'latest' });
    expect(codesOf(plan)).not.toContain('preload-library-skipped');
    const run = await runDrill(lab, { type: 'latest' }, needing);
    expect(run.state).toBe('succeeded');
    expect(run.result?.probes.map((one) => one.ok)).toEqual([true]);
  });
});

const newest = {
  probes: [
    {
      name: 'newest',
      database: 'system',
      sql: 'SELECT customer FROM orders ORDER BY created_at DESC, id DESC LIMIT 1',
    },
  ],
};

/** Runs the plan, which must succeed, and answers the newest order that the copy had. */
async function newestOrder(plan: PlanBody): Promise<string | null | undefined> {
  const { id } = await startRun(lab, plan);
  const run = await waitForRun(lab, id, (one) => one.state === 'succeeded');
  return run.result?.probes[0]?.rows?.[0]?.['customer'];
}

function operationsOf(): OperationsHost {
  if (operations === undefined) throw new Error('the lab is not up');
  return operations;
}

/** The copy is made and replayed by the agent's own handlers, without a plan whose findings could stop it. */
async function problemOfCopy(target: { type: 'latest' }): Promise<{ type: string; detail: string }> {
  const plan = operationsOf().plan();
  try {
    const outcome = await plan.copy(target).catch((error: { problem?: { type: string; detail: string } }) => error);
    if (!('problem' in outcome) || outcome.problem === undefined) throw new Error('the copy was made');
    return outcome.problem;
  } finally {
    await plan.run('scratch-discard', {});
  }
}

/** The target that a remedy writes out as JSON. */
function targetIn(remedy: string): object {
  return JSON.parse(/\{.*?\}/.exec(remedy)?.[0] ?? 'null') as object;
}

async function insert(customer: string): Promise<void> {
  await sql(lab.postgres, `INSERT INTO orders (customer, amount) VALUES ('${customer}', 1)`);
}

async function restart(): Promise<void> {
  await stopCluster(lab.postgres);
  await startCluster(lab.postgres);
}

/** The agent forgets what the staged WAL asked for, as if it had never looked. */
async function forgetCapacity(plan: string): Promise<void> {
  const file = `${operationsOf().host.config.stateDirectory}/plans/${plan}/recovered.json`;
  const { recovered, ...rest } = JSON.parse(await readFile(file, 'utf8')) as { recovered: { capacity?: unknown } };
  delete recovered.capacity;
  await writeFile(file, JSON.stringify({ ...rest, recovered }));
}

/** wal_level=minimal allows no walsender and no slot: somebody loads data fast and puts everything back. */
async function runMinimal(): Promise<void> {
  const release = await holdCron(lab);
  try {
    await mustRun([...lab.barman.argv, 'receive-wal', '--stop', 'main']);
    await sql(lab.postgres, "SELECT pg_drop_replication_slot('barman')");
    // Barman goes on where it stopped, so the segments must still be there.
    await sql(lab.postgres, "ALTER SYSTEM SET wal_keep_size = '256MB'");
    await sql(lab.postgres, 'ALTER SYSTEM SET wal_level = minimal');
    await sql(lab.postgres, 'ALTER SYSTEM SET max_wal_senders = 0');
    await restart();
    await insert('under wal_level=minimal');
    await sql(lab.postgres, 'ALTER SYSTEM RESET wal_level');
    await sql(lab.postgres, 'ALTER SYSTEM RESET max_wal_senders');
    await restart();
  } finally {
    release();
  }
}
