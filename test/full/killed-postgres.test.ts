import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isNumberFree } from '@barback/agent/system/process-table.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitForCleanCheck } from '../lab/barman-backup.ts';
import { startCluster } from '../lab/cluster-control.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { endOf, resume, startRun, stepOf, waitForRun, type RunBody } from '../support/barback-client.ts';
import { momentOf, planPointInTime } from '../support/cutover-client.ts';
import { settledLab } from '../support/settled-lab.ts';

// Criterion 5: what serves at the live path is killed while a step is under way, as by the kernel that is out of memory.

const minutes = 60_000;
let lab: Lab;
let stop: () => Promise<void> = async () => {};

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
});

afterAll(() => stop());

test.each(['recover', 'fence', 'stop-live', 'start-live', 'verify', 'open', 'backup'])(
  'PostgreSQL killed during %s: the run says which database lies there, and that one comes up with what it has to have',
  async (boundary) => {
    const name = `killed at ${boundary}`;
    await order(`${name}: kept`);
    const time = await momentOf(lab);
    await order(`${name}: undone`);
    const run = await startRun(lab, await planPointInTime(lab, { type: 'time', time }));
    await waitForRun(lab, run.id, (one) => stepOf(one, boundary).state !== 'pending', 4 * minutes);
    const killed = await killPostmaster();
    const first = await endOf(lab, run.id);
    // PostgreSQL takes a number that its parent has not asked for yet for another server's, and does not start.
    await poll('the number of what was killed is free', minutes, async () => (await isNumberFree(killed)) || undefined);
    const done = first.state === 'needs_operator' ? await broughtUp(first) : first;
    const rows = { succeeded: `${name}: kept`, failed: `${name}: kept,${name}: undone` };
    const wanted = done.state === 'succeeded' ? 'succeeded' : 'failed';
    // What was killed before anything was stopped stays down when the run ends without it: the run says so.
    if (done.liveDatabase === 'old-stopped') await startCluster(lab.postgres);
    expect(done.state, JSON.stringify(done.problem)).toBe(wanted);
    expect(done.liveDatabase).toMatch(wanted === 'succeeded' ? /^new-running$/ : /^old-(running|stopped)$/);
    const mine = `SELECT string_agg(customer, ',' ORDER BY id) FROM orders WHERE customer LIKE '${name}: %'`;
    expect(await poll('live answers', minutes, () => sql(lab.postgres, mine).catch(() => undefined))).toBe(
      rows[wanted],
    );
    await waitForCleanCheck(lab.barman);
  },
);

/**
 * Behind the point of no return a person starts it, and the run goes on, to the watch for interruptions. Unless that was what stopped, it
 * finds another server than the one that the run has started and asks whether that is known; it watches anew when resumed.
 */
async function broughtUp(first: RunBody): Promise<RunBody> {
  expect(first.liveDatabase, JSON.stringify(first.problem)).toBe('new-stopped');
  await startCluster(lab.postgres);
  const next = await resumed(first);
  if (failedStep(first) === 'steady') return next;
  expect(failedStep(next), JSON.stringify(next.problem)).toBe('steady');
  expect(next).toMatchObject({ state: 'needs_operator', liveDatabase: 'new-running' });
  expect(next.problem?.detail).toContain('another server runs since');
  return resumed(next);
}

async function resumed({ id }: RunBody): Promise<RunBody> {
  await resume(lab, id);
  return endOf(lab, id);
}

const failedStep = (run: RunBody) => run.steps.find((one) => one.state === 'failed')?.name;

async function killPostmaster(): Promise<number> {
  const text = await readFile(path.join(lab.postgres.dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  if (pid > 0) process.kill(pid, 'SIGKILL');
  return pid;
}

async function order(customer: string): Promise<void> {
  await sql(lab.postgres, `INSERT INTO orders (customer, amount) VALUES ('${customer}', 1)`);
}
