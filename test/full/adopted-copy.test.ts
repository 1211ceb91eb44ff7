import { afterAll, beforeAll, expect, test } from 'vitest';
import { killProgram, startProgram } from '../lab/programs.ts';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { askCopy } from '../support/ask-copy.ts';
import {
  decide,
  endOf,
  hasEnded,
  request,
  runDrill,
  startRun,
  stepOf,
  waitForRun,
  type PlanBody,
  type RunBody,
} from '../support/barback-client.ts';
import { momentOf, planOnceReachable } from '../support/cutover-client.ts';
import { settledLab } from '../support/settled-lab.ts';

// "May move the target forward by a new plan that adopts the paused copy": the backup is copied once, however often the target moves.

const minutes = 60_000;

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let first: RunBody;
const instants: string[] = [];

beforeAll(async () => {
  ({ lab, stop } = await settledLab({ tablespace: true }));
  await sql(lab.postgres, 'CREATE TABLE steps (n int PRIMARY KEY); GRANT SELECT ON steps TO barback_probe');
  await sql(
    lab.postgres,
    "CREATE TABLE large AS SELECT n, repeat('x', 900) AS text FROM generate_series(1, 20000) AS n",
  );
  for (let n = 1; n <= 4; n += 1) {
    await sql(lab.postgres, `INSERT INTO steps VALUES (${n})`);
    instants.push(await momentOf(lab));
    await sql(lab.postgres, 'SELECT pg_switch_wal()');
  }
  await sql(lab.postgres, 'INSERT INTO steps VALUES (99)');
});

afterAll(async () => {
  await stop();
});

test('a copy that waits paused at its target is handed over, and its run ends without it', async () => {
  first = await waiting(await planAt(0, { inspect: 'paused' }));
  expect(await rowsOfCopy(first.planId)).toBe('1');
  const refusals = await Promise.all([refusal(0, {}), refusal(3, { adopt: first.planId })]);
  expect(refusals[0]).toContain('paused at or behind that target already');
  expect(refusals[1]).toContain('not-found');
  const plan = await planAt(1, { inspect: 'paused', adopt: first.id });
  expect(plan).toMatchObject({ predictions: { scratchBytes: 0 } });
  expect(plan.steps.map(({ name }) => name)).not.toContain('recover');
  await handOver(first.id);
  const over = await end(first.id);
  expect(over).toMatchObject({ state: 'cancelled', liveDatabase: 'old-running' });
  const second = await waiting(plan);
  expect(await rowsOfCopy(plan.id)).toBe('2');
  first = second;
});

test('a takeover that is cut short by a killed runner is gone on with, or ends without a trace of either copy', async () => {
  const plan = await planAt(2, { inspect: 'paused', adopt: first.id });
  await handOver(first.id);
  await end(first.id);
  const run = await startRun(lab, plan);
  await waitForRun(lab, run.id, (one) => stepOf(one, 'adopt').state === 'running', minutes);
  await killProgram(lab, 'executor');
  await killProgram(lab, 'runner').catch(() => undefined);
  await startProgram(lab, 'executor');
  first = await waitForRun(lab, run.id, (one) => one.state === 'waiting' || hasEnded(one), 3 * minutes);
  expect(first.state, JSON.stringify(first.problem)).toBe('waiting');
  expect(await rowsOfCopy(plan.id)).toBe('3');
});

test('the last of them takes the place of live, with all that was kept and nothing behind it', async () => {
  const plan = await planAt(3, { adopt: first.id, warmKBps: 100_000 });
  await handOver(first.id);
  await end(first.id);
  const run = await end((await startRun(lab, plan)).id);
  expect(run.state, JSON.stringify(run.problem)).toBe('succeeded');
  expect(run.liveDatabase).toBe('new-running');
  expect(stepOf(run, 'warm').progress?.bytes).toBeGreaterThan(0);
  expect(await sql(lab.postgres, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM steps")).toBe('1 2 3 4');
  expect(run.result).toMatchObject({ backupId: plan.backup.id, manifest: 'verified' });
  const drill = await runDrill(lab, { type: 'latest' });
  expect(drill.state, JSON.stringify(drill.problem)).toBe('succeeded');
  expect(await refusal(3, { adopt: first.id })).toContain('not on the host any more');
});

function planAt(n: number, options: object): Promise<PlanBody> {
  return planOnceReachable(lab, { type: 'time', time: instants[n] }, options);
}

async function refusal(n: number, options: object): Promise<string> {
  const target = { type: 'time', time: instants[n] };
  const body = { server: lab.server, scenario: 'point-in-time', target, options: { adopt: first.id, ...options } };
  const answer = await request(lab, 'POST', '/v1/plans', { body });
  expect(answer.status).not.toBe(201);
  return answer.text;
}

async function waiting(plan: PlanBody): Promise<RunBody> {
  const { id } = await startRun(lab, plan);
  const run = await waitForRun(lab, id, (one) => one.state === 'waiting' || hasEnded(one), 3 * minutes);
  expect(run.state, JSON.stringify(run.problem)).toBe('waiting');
  return run;
}

const handOver = (run: string): Promise<void> => decide(lab, run, 'inspect', 'hand-over');
const end = (run: string): Promise<RunBody> => endOf(lab, run);

async function rowsOfCopy(plan: string): Promise<string> {
  return (await askCopy(lab, plan, 'SELECT max(n) FROM steps')).trim();
}
