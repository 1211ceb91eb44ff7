import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../db/database.ts';
import { temporaryDatabase, type TemporaryDatabase } from '../db/testing/temporary-database.ts';
import { searchIn } from '../targets/testing/model-search.ts';
import { stopsByReplay } from '../targets/testing/replay.ts';
import { recipesOf } from '../targets/testing/recipes.ts';
import { modelOf, noon, type WalModel } from '../targets/testing/wal-model.ts';
import { intervalsOf } from './intervals.ts';
import { windowView } from './window-view.ts';

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
function searchFor(model: WalModel) {
  servers += 1;
  return searchIn(database, `server-${servers}`, model);
}

const recipes = recipesOf({
  records: fc.record({
    kind: fc.constantFrom('commit', 'commit', 'abort', 'restore-point'),
    gap: fc.integer({ min: 1, max: 60_000 }),
    advance: fc.integer({ min: 1, max: 20 }),
    jitter: fc.constant(0),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
  }),
  recordsMax: 12,
  branchesMax: 3,
  backups: { min: 0, max: 3 },
  lost: { min: 0, max: 2, how: ['missing', 'damaged'] },
});

describe('the window', () => {
  test('holds exactly the commits that some restore along their timeline ends with', () => {
    fc.assert(
      fc.property(recipes, (recipe) => {
        const model = modelOf(recipe);
        const { picture, index } = searchFor(model);
        const intervals = intervalsOf(picture, index);
        for (const { timeline, records } of model.timelines) {
          const own = intervals.filter((one) => one.timeline === timeline);
          const commits = records.filter((one) => one.kind === 'commit');
          const inside = commits.filter(({ position }) =>
            own.some((one) => one.from <= position && position <= one.to),
          );
          const restorable = commits.filter(({ position }) => {
            const target = { type: 'lsn' as const, lsn: lsnFromNumber(position), inclusive: true, timeline };
            return stopsByReplay(model, target).some(
              (stop) => stop.position === position && stop.timeline === timeline,
            );
          });
          expect(inside.map((one) => one.xid)).toEqual(restorable.map((one) => one.xid));
        }
      }),
      { numRuns: 200 },
    );
  });

  test('tells of each interval its last commit, and ends where a hole begins', () => {
    fc.assert(
      fc.property(recipes, (recipe) => {
        const model = modelOf(recipe);
        const { picture, index } = searchFor(model);
        for (const interval of intervalsOf(picture, index)) {
          const { timeline, from, to, lastCommit, ends } = interval;
          const own = model.timelines.find((one) => one.timeline === timeline)?.records ?? [];
          const inside = own.filter((one) => one.kind === 'commit' && from <= one.position && one.position <= to);
          expect(lastCommit?.lsn).toBe(inside.length === 0 ? undefined : lsnFromNumber(inside.at(-1)?.position ?? 0));
          expect(model.lost.length > 0 || ends === 'end').toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('names every restore point once, newest first, with a target that means only it', () => {
    fc.assert(
      fc.property(recipes, (recipe) => {
        const model = modelOf({ ...recipe, lost: [] });
        const { picture, index } = searchFor(model);
        const known = { state: picture.state, backups: picture.backups, backupsMark: null, backupsAt: null };
        const facts = { ...known, observedAt: null, problem: null, problemAt: null };
        const view = windowView({
          server: 'main',
          known: facts,
          picture,
          index,
          liveCommits: 0,
          givenUp: [],
          now: noon,
        });
        const points = model.timelines.flatMap(({ timeline, records }) =>
          records.filter((one) => one.kind === 'restore-point').map((one) => ({ ...one, timeline })),
        );
        const told = view.restorePoints.map((one) => `${one.timeline} ${one.lsn} ${one.name}`);
        const expected = points.map((one) => `${one.timeline} ${lsnFromNumber(one.position)} ${one.name}`);
        expect(told.toSorted()).toEqual(expected.toSorted());
        for (const { name, target } of view.restorePoints) {
          const isUnique = points.filter((one) => one.name === name).length === 1;
          expect(target.type).toBe(isUnique ? 'name' : 'lsn');
        }
        expect(view.timelines.map((one) => [one.timeline, one.parent])).toEqual(
          model.timelines.map((one) => [one.timeline, one.parent]),
        );
      }),
      { numRuns: 100 },
    );
  });
});
