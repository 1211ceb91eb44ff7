import { describe, expect, test } from 'vitest';
import { pathOf } from '../window/timeline-tree.ts';
import { basisOf } from './basis-of.ts';
import type { Course } from './course.ts';
import { backup, host, segmentBytes } from './testing/facts.ts';

/** Timeline 2 left 1 within segment 5. */
const path = pathOf(
  {
    segmentBytes,
    histories: [{ timeline: 2, ancestors: [{ timeline: 1, switchLsn: '0/5000100', reason: '' }] }],
    held: [],
  },
  2,
);
if (!path) throw new Error('the timeline has no path');

const course: Course = {
  target: { type: 'latest' },
  path,
  backup: backup(),
  reach: { position: 9 * segmentBytes, breaks: { is: 'end', number: 10 } },
  stop: null,
  lost: null,
  wal: { first: 2, last: 9 },
};

const none = {
  lastKept: null,
  lastEnd: null,
  firstUndone: null,
  stampedEarlier: [],
  lost: { transactions: 0, seconds: 0 },
};
const stop = { ...none, candidate: { timeline: 2, position: 8 * segmentBytes + 0x100, inclusive: false } };

const clock = { offset: 0, uncertainty: 0 };

const wal = (more: Partial<Course>) =>
  basisOf({ host: host(), backups: [], clock }, { ...course, ...more }, segmentBytes).wal.map(({ first, last }) =>
    [first, last].map((name) => [Number(name.slice(7, 8)), Number.parseInt(name.slice(16), 16)]),
  );

describe('what a plan was made from', () => {
  test('names the WAL that it needs, each stretch on the timeline that it is read from', () => {
    expect(wal({})).toEqual([
      [
        [1, 2],
        [1, 4],
      ],
      [
        [2, 5],
        [2, 9],
      ],
    ]);
  });

  test('does not need the segment behind its stop: only a record that crosses would', () => {
    expect(wal({ stop }).at(-1)?.at(-1)).toEqual([2, 8]);
  });

  test('does not need WAL that is not there anyway', () => {
    expect(
      wal({ reach: { position: 1, breaks: { is: 'end', number: 8 } } })
        .at(-1)
        ?.at(-1),
    ).toEqual([2, 7]);
    expect(wal({ wal: null })).toEqual([]);
  });

  test('tells which cluster and backup it was, and nothing of a live that did not answer', () => {
    const of = (live: 'up' | 'down') =>
      basisOf({ host: live === 'up' ? host() : host({ live: null }), backups: [], clock }, course, segmentBytes);
    expect(of('up')).toMatchObject({
      systemIdentifier: '7000000000000000001',
      timeline: 1,
      backup: { id: '20261122T115900', status: 'DONE', endLsn: '0/2000138' },
      segmentBytes,
    });
    expect(of('down')).toMatchObject({ systemIdentifier: null, timeline: null });
  });
});
