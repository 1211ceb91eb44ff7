import { expect, test } from 'vitest';
import type { Course } from './course.ts';
import { courseFrom, requireFurther, type Adopted } from './find-adopted.ts';
import { liveHost } from './testing/cutover.ts';

const segmentBytes = 16 * 1024 * 1024;
const adopted: Adopted = { run: 'r', plan: 'p', backupId: 'b', timeline: 1, position: 0x500_0000 };
const host = { ...liveHost, scratches: [{ plan: 'p', createdAt: 1 }] };

const to = (target: Course['target'], timeline = 1) =>
  ({ path: { timeline }, target, wal: { first: 2, last: 9 } }) as unknown as Course;
const at = (lsn: string): Course['target'] => ({ type: 'lsn', lsn, inclusive: false });

test('a copy goes only forwards, and only on its own path', () => {
  expect(() => requireFurther(adopted, host, to(at('0/5000001')))).not.toThrow();
  expect(() => requireFurther(adopted, host, to({ type: 'latest' }))).not.toThrow();
  for (const lsn of ['0/5000000', '0/4FFFFFF']) {
    expect(() => requireFurther(adopted, host, to(at(lsn)))).toThrow('at or behind that target already');
  }
  expect(() => requireFurther(adopted, host, to({ type: 'immediate' }))).toThrow('at or behind');
  expect(() => requireFurther(adopted, host, to(at('0/6000000'), 2))).toThrow('on the path of timeline 1');
  expect(() => requireFurther(adopted, liveHost, to(at('0/6000000')))).toThrow('not on the host any more');
});

test('only the WAL from its position on is copied', () => {
  expect(courseFrom(adopted, to(at('0/6000000')), segmentBytes).wal).toEqual({ first: 5, last: 9 });
  expect(courseFrom({ ...adopted, position: 0 }, to(at('0/6000000')), segmentBytes).wal).toEqual({ first: 2, last: 9 });
});
