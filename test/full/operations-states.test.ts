import { appendFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { archiveWal } from '../lab/barman-backup.ts';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { labUp } from '../lab/up.ts';
import { operationsHost, type OperationsHost } from '../e2e/operations-host.ts';

let lab: Lab;
let operations: OperationsHost;

beforeAll(async () => {
  lab = await labUp({ dir: `/var/tmp/barback-states-${process.pid}` });
  operations = await operationsHost(lab);
});

afterAll(async () => {
  await operations?.close();
  if (lab) await labDown(lab.dir);
});

test('WAL that Barman has compressed is unpacked, by each of its formats, and replayed', async () => {
  for (const format of ['gzip', 'bzip2']) {
    await appendFile(lab.barman.configFile, `compression = ${format}\n`);
    await sql(lab.postgres, `INSERT INTO orders (customer, amount) VALUES ('${format}', 1)`);
    const segment = await sql(lab.postgres, 'SELECT pg_walfile_name(pg_current_wal_lsn())');
    await archiveWal(lab);
    await dropLine(lab.barman.configFile, `compression = ${format}`);
    const stored = await readFile(path.join(lab.barman.home, 'main', 'wals', segment.slice(0, 16), segment));
    expect(stored.length, format).toBeLessThan(16 * 1024 * 1024);
  }
  const plan = operations.plan();
  const stop = await plan.copy({ type: 'latest' });
  expect(stop.outcome).toBe('promoted');
  const probes = [{ name: 'rows', database: 'system', sql: "SELECT customer FROM orders WHERE customer ~ 'zip'" }];
  const probed = await plan.run('scratch-probe', { phase: 'promoted', probes, statementTimeoutMs: 5_000 });
  expect(probed.probes[0]?.rows).toEqual([{ customer: 'gzip' }, { customer: 'bzip2' }]);
  await plan.run('scratch-discard', {});
});

test('damaged WAL, which PostgreSQL takes for the end, does not pass for the latest state', async () => {
  const segment = await sql(lab.postgres, 'SELECT pg_walfile_name(pg_current_wal_lsn())');
  await archiveWal(lab);
  await sql(lab.postgres, "INSERT INTO orders (customer, amount) VALUES ('behind the damage', 1)");
  await archiveWal(lab);
  const file = path.join(lab.barman.home, 'main', 'wals', segment.slice(0, 16), segment);
  const whole = await readFile(file);
  // Behind the page header: its first record cannot be read.
  await writeFile(file, Buffer.concat([whole.subarray(0, 40), Buffer.alloc(8152, 0xff), whole.subarray(8192)]));
  const plan = operations.plan();
  try {
    await plan.recover({ type: 'latest' });
    await plan.start({ type: 'latest' });
    const problem = await plan.problem('scratch-replay', { timeline: 1, target: { type: 'latest' }, expect: null });
    expect(problem.type).toBe('urn:barback:problem:recovery-failed');
    expect(problem.detail).toMatch(/replay ended at .* although transaction \d+ at .* lies behind it/);
  } finally {
    await writeFile(file, whole);
    await plan.run('scratch-discard', {});
  }
});

test('a copy that died is never taken for paused or running, whatever its log and pid file say', async () => {
  const plan = operations.plan();
  await plan.recover({ type: 'immediate' });
  const { pid } = await plan.start({ type: 'immediate' });
  await plan.run('scratch-replay', { timeline: 1, target: { type: 'immediate' }, expect: null });
  process.kill(pid, 'SIGKILL');
  await poll('the death of the copy', 10_000, () => (isGone(pid) ? true : undefined));
  const problem = await plan.problem('scratch-replay', { timeline: 1, target: { type: 'immediate' }, expect: null });
  expect(problem.type).toBe('urn:barback:problem:recovery-failed');
  expect(await plan.observe('scratch-start', { timeline: 1 } as never)).toMatchObject({ is: 'partial' });
  expect(await plan.run('scratch-stop', {})).toMatchObject({ wasRunning: false });
  await plan.run('scratch-discard', {});
});

test('with live stopped the facts say so, nothing is compared, and a drill still works', async () => {
  const pid = Number((await readFile(path.join(lab.postgres.dataDir, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  process.kill(pid, 'SIGINT');
  await poll('the end of live', 60_000, () => (isGone(pid) ? true : undefined));
  const plan = operations.plan();
  const facts = await plan.run('host-facts', {});
  expect(facts).toMatchObject({
    live: null,
    liveState: 'stopped',
    barman: { version: lab.barman.version, unsupportedReasons: [] },
  });
  expect(facts.filesystems.map((one) => one.role)).toEqual(['data', 'wal', 'barman', 'scratch']);
  expect(await plan.run('live-count', { statementTimeoutMs: 1_000 })).toEqual({ available: false, tables: [] });
  expect((await plan.run('wal-facts', { changedSince: null })).runs.length).toBeGreaterThan(0);
  expect((await plan.copy({ type: 'latest' })).outcome).toBe('promoted');
  await plan.run('scratch-discard', {});
});

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

async function dropLine(file: string, line: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(`${line}\n`, ''));
}
