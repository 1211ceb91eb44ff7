import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { planDrill, startRun, waitForRun } from '../support/barback-client.ts';
import { settledLab } from '../support/settled-lab.ts';
import { worldOf } from '../support/world.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};

beforeAll(async () => {
  ({ lab, stop } = await settledLab({ sizeMb: 2_000, tablespace: true }));
});

afterAll(() => stop());

test('a drill of 2 GB with every relation and index checked succeeds, and changes nothing of the world', async () => {
  const before = await worldOf(lab);
  const started = await startRun(lab, await planDrill(lab, { type: 'latest' }, { amcheck: 'all' }));
  const run = await waitForRun(lab, started.id, (one) => one.state === 'succeeded', 1_200_000);
  expect(run.result?.manifest).toBe('verified');
  expect(await worldOf(lab)).toEqual(before);
});
