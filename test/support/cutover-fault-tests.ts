import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitForCleanCheck } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { killProgram, startProgram } from '../lab/programs.ts';
import { sql } from '../lab/psql.ts';
import { endOf, startRun, stepOf, waitForRun, type RunBody } from './barback-client.ts';
import { momentOf, planPointInTime } from './cutover-client.ts';
import { settledLab } from './settled-lab.ts';

/** Each is killed while the step is under way; what holds the work goes on, or is started again. */
const victims = ['executor', 'runner', 'api'] as const;
export const cutoverBoundaries = ['fence', 'stop-live', 'save-tail', 'swap', 'start-live', 'open'] as const;
/** What is done before and behind them. */
export const otherBoundaries = [
  'lease',
  'protect-future',
  'recover',
  'start',
  'replay',
  'slot',
  'promote',
  'disable-subscriptions',
  'seal',
  'checkpoint',
  'verify',
  'start-receive-wal',
  'timeline-archived',
  'backup',
  'check-passed',
] as const;
type Boundary = (typeof cutoverBoundaries)[number] | (typeof otherBoundaries)[number];

let lab: Lab;
let stop: () => Promise<void> = async () => {};

/** A restore of live for each boundary, in one lab; while the step is under way everything is killed once. */
export function cutoverFaultTests(boundaries: readonly Boundary[]): void {
  beforeAll(async () => {
    ({ lab, stop } = await settledLab());
  });

  afterAll(async () => {
    await stop();
  });

  describe('a restore of live in which everything is killed once at a boundary', () => {
    test.each(boundaries)(
      '%s: exactly one complete cluster is live in the end, and the run says which',
      async (boundary) => {
        const name = `until ${boundary}`;
        await order(`${name}: kept`);
        const time = await momentOf(lab);
        await order(`${name}: undone`);
        const run = await startRun(lab, await planPointInTime(lab, { type: 'time', time }));
        await waitForRun(lab, run.id, (one) => stepOf(one, boundary).state !== 'pending', 240_000);
        for (const victim of victims) await killIfThere(victim);
        await startProgram(lab, 'executor');
        await startProgram(lab, 'api');
        const done = await endOf(lab, run.id);
        const rows = { succeeded: `${name}: kept`, failed: `${name}: kept,${name}: undone` };
        const liveDatabase = { succeeded: 'new-running', failed: 'old-running' };
        const wanted = done.state === 'succeeded' ? 'succeeded' : 'failed';
        expect(await outcomeOf(done, name), JSON.stringify(done.problem)).toEqual({
          state: wanted,
          rows: rows[wanted],
          liveDatabase: liveDatabase[wanted],
        });
      },
    );
  });
}

async function order(customer: string): Promise<void> {
  await sql(lab.postgres, `INSERT INTO orders (customer, amount) VALUES ('${customer}', 1)`);
}

async function killIfThere(victim: (typeof victims)[number]): Promise<void> {
  await killProgram(lab, victim).catch((error: Error) => {
    // A runner may have ended by itself in that instant.
    if (victim !== 'runner') throw error;
  });
}

async function outcomeOf({ state, liveDatabase }: RunBody, name: string) {
  const text = `SELECT coalesce(string_agg(customer, ',' ORDER BY id), 'none') FROM orders WHERE customer LIKE '${name}: %'`;
  const rows = await poll('live answers', 60_000, () => sql(lab.postgres, text).catch(() => undefined));
  if (state === 'succeeded') await waitForCleanCheck(lab.barman);
  return { state, rows, liveDatabase };
}
