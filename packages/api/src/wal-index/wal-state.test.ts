import { expect, test } from 'vitest';
import { unreadSegments, type WalHole } from './wal-state.ts';

const range = (first: number, last: number) => ({ timeline: 1, first, last });
const hole = (number: number): WalHole => ({
  timeline: 1,
  number,
  cause: 'damaged',
  detail: '',
  readableTo: null,
  foundAt: 0,
});

test('what Barman holds and nobody has read yet is counted, on every timeline', () => {
  const complete = [range(1, 9), { timeline: 2, first: 8, last: 10 }];
  expect(unreadSegments({ complete, read: [], holes: [] })).toBe(12);
  expect(unreadSegments({ complete, read: [range(1, 4), range(7, 9)], holes: [] })).toBe(5);
  expect(unreadSegments({ complete, read: complete, holes: [] })).toBe(0);
});

test('a segment that cannot be read is no longer waited for', () => {
  expect(unreadSegments({ complete: [range(1, 9)], read: [range(1, 4), range(6, 9)], holes: [hole(5)] })).toBe(0);
});

test('a server that was never looked at has nothing that is known to wait', () => {
  expect(unreadSegments({ complete: [], read: [], holes: [] })).toBe(0);
});
