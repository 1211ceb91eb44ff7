import { stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually, isGone, JobScene } from '../support/job-scene.ts';

const rounds = 12;

let scene: JobScene;

beforeAll(async () => {
  scene = await JobScene.create();
});
afterAll(async () => scene.close());
beforeEach(async () => scene.begin());
// Whatever a failed test left running goes on to its end.
afterEach(async () => scene.go());

async function runNoop(): Promise<{ opid: string; state: string }> {
  const { opid } = await scene.client.job('test-noop', { server: 'main' }, scene.inPlan);
  const { state } = await scene.client.ended(opid);
  return { opid, state };
}

async function runnerOf(opid: string): Promise<number> {
  const started = JSON.parse(await scene.agent.readState(`jobs/${opid}/started.json`)) as { runner: { pid: number } };
  return started.runner.pid;
}

const outputOf = (opid: string) => stat(path.join(scene.agent.stateDirectory, 'jobs', opid, 'runner.log'));

test('jobs that follow each other share runners, whose output is in the directory of each', async () => {
  const outputs = new Map<number, number>();
  for (let round = 0; round < rounds; round += 1) {
    const { opid, state } = await runNoop();
    expect(state).toBe('succeeded');
    const runner = await runnerOf(opid);
    const { ino } = await outputOf(opid);
    expect(outputs.get(runner) ?? ino).toBe(ino);
    outputs.set(runner, ino);
  }
  expect(outputs.size).toBeLessThan(rounds);
});

test('a cancel of a job that has ended does not meet the one that its runner carries out now', async () => {
  const before: string[] = [];
  for (let round = 0; round < rounds; round += 1) before.push((await runNoop()).opid);
  const { opid, runner } = await scene.running('test-work');
  const sameRunner = await Promise.all(before.map(async (one) => (await runnerOf(one)) === runner));
  expect(sameRunner).toContain(true);
  for (const one of before) await scene.client.result('job-cancel', { opid: one });
  await scene.go();
  expect(await scene.client.ended(opid)).toMatchObject({ state: 'succeeded' });
});

test('a runner whose job was cancelled ends, and the next job has another one', async () => {
  const { opid, runner } = await scene.running('test-work');
  await scene.client.result('job-cancel', { opid });
  expect(await scene.client.ended(opid)).toMatchObject({ state: 'cancelled' });
  await eventually('the runner has ended', async () => (await isGone(runner)) || undefined);
  const next = await runNoop();
  expect(next.state).toBe('succeeded');
  expect(await runnerOf(next.opid)).not.toBe(runner);
});

test('runners that are killed while they wait keep no job from being carried out', async () => {
  for (let round = 0; round < 3; round += 1) {
    const { opid, state } = await runNoop();
    expect(state).toBe('succeeded');
    const runner = await runnerOf(opid);
    if (!(await isGone(runner))) process.kill(runner, 'SIGKILL');
  }
});

test('a runner ends when the executor that started it is gone, and no job is lost', async () => {
  const { opid } = await runNoop();
  const runner = await runnerOf(opid);
  await scene.agent.kill('executor');
  await eventually('the runner has ended', async () => (await isGone(runner)) || undefined);
  await scene.agent.startExecutor();
  expect(await scene.client.status(opid)).toMatchObject({ state: 'succeeded' });
  expect(await runNoop()).toMatchObject({ state: 'succeeded' });
});
