import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRun } from '@barback/api/engine/start-run.ts';
import { acquireOwnerLock } from '@barback/api/db/owner-lock.ts';
import { problem } from '@barback/shared/wire/problem.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EngineOrder } from '../support/engine-child.ts';
import { auditOf, openRig, operator, type Rig } from '../support/engine-rig.ts';
import { checkStep, leaseStep, stopStep, verifyStep } from '../support/engine-steps.ts';

const child = fileURLToPath(new URL('../support/engine-child.ts', import.meta.url));

const steps = [checkStep, leaseStep, verifyStep, stopStep];

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(async () => {
  await rig.close();
});

/** One life of an api; answers the signal that ended it, or null when it ended by itself. */
async function live(runId: string, killAt: EngineOrder['killAt']): Promise<string | null> {
  const { databasePath, privateJwk, directory } = rig;
  const file = join(directory, 'order.json');
  writeFileSync(file, JSON.stringify({ databasePath, privateJwk, runId, killAt } satisfies EngineOrder));
  const life = spawn(process.execPath, [child, file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Most of a life would be spent reading the same source again.
    env: { ...process.env, NODE_COMPILE_CACHE: join(directory, 'compile-cache') },
  });
  const [code, signal] = (await once(life, 'exit')) as [number | null, string | null];
  if (signal === null && code !== 0) throw new Error(`the api ended with ${code}`);
  return signal;
}

/** Lives that each get one, two or three writes done, until the run has ended. */
async function liveOften(runId: string, moment: 'before' | 'after'): Promise<number> {
  for (let lives = 1; lives < 100; lives += 1) {
    const signal = await live(runId, { moment, write: (lives % 3) + (moment === 'after' ? 1 : 2) });
    if (signal === null) return lives;
  }
  throw new Error('the run did not end');
}

test.each(['before', 'after'] as const)(
  'an api that is killed %s every few writes ends the run all the same, with one job per attempt',
  async (moment) => {
    const { run } = startRun(rig.engine().deps, { planId: rig.plan(steps), actor: operator });
    const lives = await liveOften(run.id, moment);
    expect(lives).toBeGreaterThan(5);
    expect(rig.view(run.id)).toMatchObject({ state: 'succeeded' });
    const jobs = [...rig.agent.jobs.values()].map(({ claims }) => `${claims.step} #${claims.attempt}`);
    expect(jobs).toHaveLength(4);
    expect(new Set(jobs).size).toBe(4);
    const events = auditOf(rig);
    for (const type of ['run.started', 'fence.claimed', 'run.finished']) {
      expect(events.filter((event) => event.type === type)).toHaveLength(1);
    }
    const outcomes = events
      .filter((event) => event.type === 'step.succeeded')
      .map(({ step, attempt }) => `${step} #${attempt}`);
    expect(new Set(outcomes).size).toBe(outcomes.length);
  },
);

test('an api that is killed while it cleans up cleans up all the same', async () => {
  rig.agent.course = ({ op }) =>
    op === 'scratch-stop'
      ? { end: 'failed', problem: problem('postgres-failed', 'it does not stop') }
      : { end: 'succeeded' };
  const { run } = startRun(rig.engine().deps, { planId: rig.plan(steps), actor: operator });
  await liveOften(run.id, 'after');
  expect(rig.view(run.id)).toMatchObject({ state: 'failed' });
  expect(rig.agent.jobsOf('backup-release')).toHaveLength(1);
  auditOf(rig);
});

test('a second api on the same database refuses to start and names the locked file, until the first is gone', async () => {
  const { run } = startRun(rig.engine().deps, { planId: rig.plan(steps), actor: operator });
  const lock = acquireOwnerLock(rig.databasePath);
  await expect(live(run.id, null)).rejects.toThrow('ended with 1');
  expect(() => acquireOwnerLock(rig.databasePath)).toThrow(`${rig.databasePath}.owner.lock`);
  lock.release();
  expect(await live(run.id, null)).toBeNull();
  expect(rig.view(run.id).state).toBe('succeeded');
});
