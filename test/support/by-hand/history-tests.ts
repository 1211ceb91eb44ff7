import { afterAll, beforeAll, expect, test } from 'vitest';
import { windowSchema } from '@barback/api/window/window-schema.ts';
import { request } from '../barback-client.ts';
import { askReachable, compareWithOracle, restoreAndCompare, seeRefused } from './check-reachable.ts';
import { expectedAnswers, type AskedTarget } from './expected-answers.ts';
import { historyScene, type HistoryScene } from './history-scene.ts';
import { queryOf, randomFrom, randomTargets } from './random-targets.ts';

/** The same tests in both tiers; they differ in how many targets are asked for, and restored by hand. */
export function historyTests(samples: {
  readonly targets: number;
  readonly reachable: number;
  readonly unreachable: number;
}): void {
  const seed = Number(process.env['BARBACK_TEST_SEED'] ?? Math.floor(Date.now() / 1000) % 1_000_000);
  const random = randomFrom(seed);
  let scene: HistoryScene;
  let targets: readonly AskedTarget[] = [];

  beforeAll(async () => {
    scene = await historyScene();
    targets = randomTargets(scene, samples.targets, random);
  });
  afterAll(async () => {
    await scene?.stop();
  });

  test('the window of a server with a past shows its branches, what was given up, and every interval', async () => {
    const { json } = await request(scene.lab, 'GET', '/v1/servers/main/window');
    const view = windowSchema.parse(json);
    expect(view.timelines.map((one) => [one.timeline, one.parent, one.onLivePath])).toEqual([
      [1, null, true],
      [2, 1, true],
      [3, 2, true],
    ]);
    expect(view.holes).toEqual([]);
    expect(new Set(view.intervals.map((one) => one.timeline))).toEqual(new Set([1, 2, 3]));
    expect(view.intervals.filter((one) => one.abandoned).map((one) => one.timeline)).toEqual([1, 2]);
    expect(view.backups.every((one) => one.reasons.length === 0)).toBe(true);
  });

  test(`for ${samples.targets} random instants and positions the answer is what WAL holds (seed ${seed})`, async () => {
    expect(targets).toHaveLength(samples.targets);
    for (const target of targets) compareWithOracle(scene, target, await askReachable(scene, target));
  });

  test(`${samples.reachable} of them, restored by hand with Barman and PostgreSQL, are there as promised (seed ${seed})`, async () => {
    const answered: { target: AskedTarget; index: number }[] = [];
    for (const target of targets) {
      for (const index of expectedAnswers(scene, target).keys()) answered.push({ target, index });
    }
    const chosen = sample(answered, samples.reachable, random);
    expect(chosen).toHaveLength(samples.reachable);
    for (const { target, index } of chosen) {
      const answer = (await askReachable(scene, target)).answers[index];
      if (!answer) throw new Error(`no answer to ${queryOf(target)}`);
      await restoreAndCompare(scene, target, answer);
    }
  });

  test(`${samples.unreachable} that cannot be had are refused by PostgreSQL too (seed ${seed})`, async () => {
    const newest = Math.max(...scene.oracle.branches.flatMap((branch) => branch.ends).map((end) => end.time));
    // Around the begin of the first backup, and between two branches, PostgreSQL would take an instant for another state.
    const isClear = (target: AskedTarget): boolean =>
      'lsn' in target || target.time < scene.lastBefore || target.time > newest;
    const never = targets.filter((target) => expectedAnswers(scene, target).length === 0 && isClear(target));
    const chosen = sample(never, samples.unreachable, random);
    expect(chosen).toHaveLength(samples.unreachable);
    for (const target of chosen) await seeRefused(scene, target, await askReachable(scene, target));
  });
}

function sample<T>(list: readonly T[], count: number, random: () => number): T[] {
  return list
    .map((one) => ({ one, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .slice(0, count)
    .map(({ one }) => one);
}
