import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import { targetSchema } from '@barback/shared/postgres/target.ts';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../db/database.ts';
import { temporaryDatabase, type TemporaryDatabase } from '../db/testing/temporary-database.ts';
import { timelineAt } from '../window/timeline-tree.ts';
import { targetOf } from './describe-branches.ts';
import type { PlacedTarget } from './find-candidates.ts';
import type { Nearest } from './resolution.ts';
import { resolveTarget } from './resolve-target.ts';
import type { Search } from './search.ts';
import { searchIn } from './testing/model-search.ts';
import { recipesOf } from './testing/recipes.ts';
import { isHeld, stopsByReplay } from './testing/replay.ts';
import {
  modelOf,
  noon,
  numberAt,
  recordsOnPath,
  type ModelBackup,
  type Recipe,
  type WalModel,
} from './testing/wal-model.ts';

const far = noon + 10 * 86_400_000_000;

let temporary: TemporaryDatabase;
let database: Database;
beforeAll(() => {
  temporary = temporaryDatabase();
  ({ database } = temporary);
});
afterAll(() => {
  temporary.remove();
});

let servers = 0;
function search(model: WalModel): Search {
  servers += 1;
  return searchIn(database, `server-${servers}`, model);
}

const records = fc.record({
  kind: fc.constantFrom(
    'commit' as const,
    'commit' as const,
    'abort' as const,
    'restore-point' as const,
    'other' as const,
  ),
  gap: fc.integer({ min: 1, max: 60_000 }),
  advance: fc.integer({ min: 0, max: 20 }),
  jitter: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -40, max: 40 }) },
  ),
  name: fc.constantFrom('before_drop', 'nightly', 'v1'),
});

function recipes(lost: number): fc.Arbitrary<Recipe> {
  return recipesOf({
    records,
    recordsMax: 14,
    branchesMax: 4,
    backups: { min: 1, max: 4 },
    lost: { min: lost === 0 ? 0 : 1, max: lost, how: ['missing', 'damaged'] },
  });
}

/** Which record of the model a target is taken from, and how far beside it. */
const wishes = fc.record({
  type: fc.constantFrom(
    'time' as const,
    'lsn' as const,
    'xid' as const,
    'name' as const,
    'before-transaction' as const,
  ),
  record: fc.nat({ max: 200 }),
  beside: fc.constantFrom(-1, 0, 1, 7_000_000),
  inclusive: fc.boolean(),
  timeline: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat({ max: 5 }) }),
});

type Wish = typeof wishes extends fc.Arbitrary<infer W> ? W : never;

function targetIn(model: WalModel, wish: Wish): PlacedTarget {
  const all = model.timelines.flatMap((one) => one.records);
  const record = all[wish.record % all.length] ?? all[0];
  const { timeline: named, inclusive } = wish;
  const timeline = named === undefined ? {} : { timeline: 1 + (named % model.timelines.length) };
  const raw = {
    time: { type: 'time', time: formatInstant((record?.time ?? 0) + wish.beside), ...timeline },
    lsn: {
      type: 'lsn',
      lsn: lsnFromNumber((record?.position ?? 0) + Math.min(wish.beside, 1)),
      inclusive,
      ...timeline,
    },
    xid: { type: 'xid', xid: 700 + (wish.record % 40), inclusive, ...timeline },
    'before-transaction': { type: 'before-transaction', xid: 700 + (wish.record % 40), ...timeline },
    name: { type: 'name', name: record?.name || 'nightly', ...timeline },
  }[wish.type];
  return targetSchema.parse(raw) as PlacedTarget;
}

async function resolved(model: WalModel, target: PlacedTarget, now = far) {
  const question = { target, backupId: undefined, now };
  const resolution = await resolveTarget(search(model), question);
  const stops = resolution.answers
    .map(({ path, candidate }) => ({ timeline: timelineAt(path, candidate.position), position: candidate.position }))
    .toSorted((a, b) => a.timeline - b.timeline || a.position - b.position);
  return { ...resolution, stops };
}

/** Whether what is offered instead exists, once. */
async function canBeHad(model: WalModel, { target, backup: id }: Nearest): Promise<boolean> {
  if (target.type !== 'immediate') return (await resolved(model, target as PlacedTarget)).stops.length === 1;
  const { timeline, begin, end } = model.backups.find((one) => one.id === id) as ModelBackup;
  const [first, last] = [numberAt(begin), numberAt(end - 1)];
  return Array.from({ length: last - first + 1 }, (_, index) => first + index).every((number) =>
    isHeld(model, timeline, number),
  );
}

describe('a target', () => {
  test('resolves to exactly the records at which some restore would stop, one for each branch', async () => {
    await fc.assert(
      fc.asyncProperty(recipes(0), wishes, async (recipe, wish) => {
        const model = modelOf(recipe);
        const target = targetIn(model, wish);
        const { stops, refusal } = await resolved(model, target);
        expect(stops).toEqual(stopsByReplay(model, target));
        expect(refusal === null).toBe(stops.length > 0);
      }),
      { numRuns: 150 },
    );
  });

  test('never resolves across a segment that is missing or damaged', async () => {
    await fc.assert(
      fc.asyncProperty(recipes(3), wishes, async (recipe, wish) => {
        const model = modelOf(recipe);
        const target = targetIn(model, wish);
        const { stops, answers } = await resolved(model, target);
        expect(stops).toEqual(stopsByReplay(model, target));
        for (const { path, backup, candidate } of answers) {
          for (let number = backup.beginNumber; number <= numberAt(candidate.position); number += 1)
            expect(isHeld(model, path.timeline, number), `segment ${number}`).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('is told with the transactions on both sides of it, and with what live would lose', async () => {
    await fc.assert(
      fc.asyncProperty(recipes(0), wishes, async (recipe, wish) => {
        const model = modelOf(recipe);
        const { answers } = await resolved(model, targetIn(model, wish));
        for (const { path, candidate, lastKept, lastEnd, firstUndone, lost } of answers) {
          const { position, inclusive } = candidate;
          const isKept = (one: { position: number }) =>
            one.position < position || (inclusive && one.position === position);
          const way = recordsOnPath(model, path.timeline);
          const commits = way.filter((one) => one.kind === 'commit');
          expect(lastKept?.position).toBe(commits.findLast(isKept)?.position);
          expect(firstUndone?.position).toBe(commits.find((one) => !isKept(one))?.position);
          // recoveryStopsAfter (xlogrecovery.c) takes the time of an end down only when it goes on behind it.
          const inSegment = way.filter(
            (one) => numberAt(one.position) === numberAt(position) && one.position < position,
          );
          const end = inSegment.findLast((one) => one.kind === 'commit' || one.kind === 'abort');
          expect(lastEnd?.position).toBe(end?.position);
          const restored = new Set(way.filter(isKept).map((one) => `${one.timeline}/${one.position}`));
          const live = recordsOnPath(model, model.live).filter((one) => one.kind === 'commit');
          const gone = live.filter((one) => !restored.has(`${one.timeline}/${one.position}`));
          expect(lost?.transactions).toBe(gone.length);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('that exists on several branches is offered on each, with a target that means only that one', async () => {
    await fc.assert(
      fc.asyncProperty(recipes(0), wishes, async (recipe, wish) => {
        const model = modelOf(recipe);
        const asked = targetIn(model, wish);
        const { answers, stops } = await resolved(model, asked);
        fc.pre(answers.length > 1);
        const offered = await Promise.all(
          answers.map(async (answer) => (await resolved(model, targetOf(answer, asked) as PlacedTarget)).stops),
        );
        expect(offered.flat()).toEqual(expect.arrayContaining(stops));
        expect(offered.map((one) => one.length)).toEqual(answers.map(() => 1));
      }),
      { numRuns: 20 },
    );
  });

  test('that cannot be had comes with instants that can', async () => {
    await fc.assert(
      fc.asyncProperty(recipes(2), wishes, async (recipe, wish) => {
        const model = modelOf(recipe);
        const { before, after, answers } = await resolved(model, targetIn(model, wish));
        fc.pre(answers.length === 0);
        for (const nearest of [before, after].filter((one) => one !== null))
          expect(await canBeHad(model, nearest), JSON.stringify(nearest)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
