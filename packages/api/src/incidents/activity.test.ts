import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../db/database.ts';
import { temporaryDatabase, type TemporaryDatabase } from '../db/testing/temporary-database.ts';
import { walSegments } from '../db/wal-schema.ts';
import { write } from '../db/write.ts';
import type { TimelinePath } from '../window/timeline-tree.ts';
import { activitySpan, commitsPerStep } from './activity.ts';

const noon = 1_795_348_800_000_000;
const second = 1_000_000;

let temporary: TemporaryDatabase;
let database: Database;
beforeAll(() => {
  temporary = temporaryDatabase();
  ({ database } = temporary);
});
afterAll(() => {
  temporary.remove();
});

/** Timeline 2 left 1 within segment 3. */
const path: TimelinePath = {
  timeline: 2,
  switches: [{ timeline: 1, position: 0, reason: '' }],
  stretches: [
    { timeline: 1, first: 0, last: 2 },
    { timeline: 2, first: 3, last: null },
  ],
};

let servers = 0;
/** Segments with the seconds past noon of their commits. */
function put(segments: readonly (readonly [timeline: number, number: number, seconds: readonly number[]])[]): string {
  servers += 1;
  const server = `server-${servers}`;
  write(database, (tx) => {
    for (const [timeline, number, seconds] of segments) {
      const times = seconds.map((one) => noon + one * second);
      const steps = new Map<number, number>();
      for (const one of seconds) {
        const step = noon / second + Math.floor(one / 10) * 10;
        steps.set(step, (steps.get(step) ?? 0) + 1);
      }
      tx.insert(walSegments)
        .values({
          server,
          timeline,
          number,
          held: 'complete',
          commits: seconds.length,
          aborts: 0,
          earliest: times.length === 0 ? null : Math.min(...times),
          latest: times.length === 0 ? null : Math.max(...times),
          commitsByTime: JSON.stringify([...steps]),
          file: '{}',
        })
        .run();
    }
  });
  return server;
}

const nothingAsked = { from: null, to: null, stepSeconds: null };
const spanOf = (server: string, asked: Partial<Parameters<typeof activitySpan>[1]> = {}) =>
  activitySpan(database.orm, { server, path, ...nothingAsked, ...asked }, noon);

describe('activity', () => {
  test('counts every commit of the path once, in the step of its time', () => {
    const all = fc.array(fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 20 }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(all, fc.constantFrom(10, 30, 60, 600), (segments, stepSeconds) => {
        const server = put(segments.map((seconds, index) => [index < 3 ? 1 : 2, index, seconds]));
        const { span } = spanOf(server, { stepSeconds });
        const commits = commitsPerStep(database.orm, { server, path, span, stepSeconds });
        const expected = commits.map(
          (_, step) =>
            segments
              .flat()
              .filter((one) => Math.floor((noon / second + one - span.from / second) / stepSeconds) === step).length,
        );
        expect(commits).toEqual(expected);
        expect(commits.reduce((sum, one) => sum + one, 0)).toBe(segments.flat().length);
      }),
      { numRuns: 60 },
    );
  });

  test('leaves out what another branch did', () => {
    const server = put([
      [1, 2, [5]],
      [1, 3, [15, 16]],
      [2, 3, [25]],
    ]);
    const { span, stepSeconds } = spanOf(server);
    expect(commitsPerStep(database.orm, { server, path, span, stepSeconds })).toEqual([1, 0, 1]);
  });

  test('is shown on the borders of steps, around what was asked for', () => {
    const server = put([[1, 2, [5]]]);
    const { span } = spanOf(server, { from: noon + 95 * second, to: noon + 125 * second, stepSeconds: 60 });
    expect([span.from - noon, span.to - noon]).toEqual([60 * second, 180 * second]);
    // An instant on a border begins a step.
    const { span: onBorder } = spanOf(server, { from: noon, to: noon + 60 * second, stepSeconds: 60 });
    expect([onBorder.from - noon, onBorder.to - noon]).toEqual([0, 120 * second]);
  });

  test('has steps that make a picture of moderate width, whatever the time', () => {
    for (const [seconds, step] of [
      [0, 10],
      [999, 10],
      [3600, 60],
      [86_400, 1800],
      [30 * 86_400, 12 * 3600],
      [1000 * 86_400, 10 * 86_400],
    ] as const)
      expect(spanOf(put([[1, 1, [0, seconds]]])).stepSeconds, `${seconds} s`).toBe(step);
  });

  test('of nothing is one empty step', () => {
    const server = put([]);
    const { span, stepSeconds } = spanOf(server);
    expect(commitsPerStep(database.orm, { server, path, span, stepSeconds })).toEqual([0]);
    expect(spanOf(server, { from: noon + 50 * second, to: noon }).span).toEqual({
      from: noon + 50 * second,
      to: noon + 60 * second,
    });
  });
});
