import { expect, test } from 'vitest';
import { picture, segmentBytes } from '../planner/testing/facts.ts';
import { causeOf, type GivenUp } from './given-up.ts';
import type { Hole } from './holes.ts';
import { reachFrom } from './wal-reach.ts';

const hole: Hole = { timeline: 1, first: 3, last: 8, cause: 'missing', detail: 'Barman does not hold them' };
const by: GivenUp = {
  run: 'r1',
  at: 1_795_348_800_000_000,
  received: '000000010000000000000003.partial',
  continues: '000000010000000000000009',
  slot: 'barman',
};
const cause = (of: Partial<Hole>, all: readonly GivenUp[] = [by]) => causeOf({ ...hole, ...of }, all, segmentBytes);

test('a hole within what a new baseline gave up names the slot, the run and the time', () => {
  expect(cause({})).toEqual({
    cause: 'given-up',
    detail:
      'Barman does not hold them: the slot barman that kept it was dropped by run r1 (2026-11-22T12:00:00.000000Z)',
  });
  expect(cause({ first: 4, last: 5 }).cause).toBe('given-up');
});

test('a hole that reaches beyond it, on another timeline or of another cause, keeps its own', () => {
  expect(cause({ first: 2 }).cause).toBe('missing');
  expect(cause({ last: 9 }).cause).toBe('missing');
  expect(cause({ timeline: 2 }).cause).toBe('missing');
  expect(cause({ cause: 'truncated' })).toEqual({ cause: 'truncated', detail: hole.detail });
  expect(cause({}, [{ ...by, received: null }]).cause).toBe('missing');
});

test('an unfinished file that WAL went on behind counts only as far as it was read, and never as a whole', () => {
  const at = (first: number, last: number) => ({ timeline: 1, first, last });
  const held = { complete: [at(1, 3), at(8, 9)], read: [at(1, 3), at(8, 9)], partial: [at(4, 4), at(10, 10)] };
  const { paths, state } = picture(held);
  const [path] = paths;
  if (!path) throw new Error('the picture has no path');
  const reach = (ends: typeof state.ends) => reachFrom({ ...state, ends }, path, 2);
  expect(reach([])).toEqual({
    position: 4 * segmentBytes - 1,
    breaks: { is: 'missing', timeline: 1, number: 4, last: 7 },
  });
  expect(reach([{ timeline: 1, number: 4, position: 4 * segmentBytes + 80, next: null }]).position).toBe(
    4 * segmentBytes + 80,
  );
});
