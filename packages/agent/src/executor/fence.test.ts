import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { array, assert, constant, constantFrom, integer, option, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { checkFence, decideClaim, readFence, writeFence, type Fence } from './fence.ts';

const plans = ['01hzzzzzzzzzzzzzzzzzzzzzza', '01hzzzzzzzzzzzzzzzzzzzzzzb', '01hzzzzzzzzzzzzzzzzzzzzzzc'] as const;

const claims = array(
  record({
    plan: constantFrom(...plans),
    expect: integer({ min: 0, max: 8 }),
    busy: option(constant('01hzzzzzzzzzzzzzzzzzzzzzzj'), { nil: undefined }),
  }),
  { maxLength: 60 },
);

test('whatever is claimed in whatever order, a fence never decreases and never has two holders', () => {
  assert(
    property(claims, (attempts) => {
      let current: Fence = { fence: 0, plan: null };
      const holders = new Map<number, string>();
      for (const { plan, expect: expected, busy } of attempts) {
        const decision = decideClaim(current, plan, expected, busy);
        const free = current.fence === expected && busy === undefined;
        expect(decision.is).toBe(current.plan === plan ? 'held' : free ? 'issued' : 'refused');
        if (decision.is === 'refused') continue;
        expect(decision.fence.plan).toBe(plan);
        expect(decision.fence.fence).toBe(decision.is === 'held' ? current.fence : current.fence + 1);
        expect(holders.get(decision.fence.fence) ?? plan).toBe(plan);
        holders.set(decision.fence.fence, plan);
        current = decision.fence;
        expect(checkFence(current, plan, current.fence)).toBeUndefined();
      }
    }),
  );
});

test('only the holder with the newest number may change the server', () => {
  const current: Fence = { fence: 3, plan: plans[0] };
  expect(checkFence(current, plans[0], 3)).toBeUndefined();
  for (const [plan, fence] of [
    [plans[0], 2],
    [plans[0], 4],
    [plans[0], null],
    [plans[1], 3],
    [null, 3],
    [null, null],
  ] as const) {
    expect(checkFence(current, plan, fence)).toMatchObject({ status: 409, facts: { fence: 3, plan: plans[0] } });
  }
  expect(checkFence({ fence: 0, plan: null }, plans[0], 0)).toMatchObject({ facts: { fence: 0, plan: null } });
});

test('a fence survives in its file, and an unreadable one is an error, not 0', async () => {
  const state = await mkdtemp(path.join(tmpdir(), 'barback-fence-'));
  await mkdir(path.join(state, 'fences'));
  expect(await readFence(state, 'main')).toEqual({ fence: 0, plan: null });
  await writeFence(state, 'main', { fence: 7, plan: plans[0] });
  expect(await readFence(state, 'main')).toEqual({ fence: 7, plan: plans[0] });
  await writeFile(path.join(state, 'fences', 'main.json'), '');
  await expect(readFence(state, 'main')).rejects.toThrow('cannot read the fence');
  await rm(state, { recursive: true });
});
