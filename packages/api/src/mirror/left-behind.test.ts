import { expect, test } from 'vitest';
import { lostBehind, type LeftBehind } from './left-behind.ts';

const left: LeftBehind = {
  mirroredAt: '2026-11-29T12:00:00.000000Z',
  lostNow: { commits: 3, seconds: 60 },
  newestCommit: { xid: 9, lsn: '0/9', time: '2026-11-29T12:00:30.500000Z' },
};

test('what is lost is told in commits, and in the time from the last one that is held to the last one that was known', () => {
  expect(lostBehind(left, { time: '2026-11-29T12:00:00.000000Z' })).toEqual({ transactions: 3, seconds: 30.5 });
  expect(lostBehind({ ...left, newestCommit: null }, { time: '2026-11-29T12:00:00.000000Z' })).toEqual({
    transactions: 3,
    seconds: null,
  });
});

test('nothing is claimed where nothing is known', () => {
  expect(lostBehind(null, null)).toBeNull();
  expect(lostBehind({ ...left, lostNow: null }, null)).toBeNull();
  expect(lostBehind({ ...left, lostNow: { commits: null, seconds: 4 } }, null)).toBeNull();
});
