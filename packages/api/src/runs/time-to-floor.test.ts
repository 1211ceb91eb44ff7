import { expect, test } from 'vitest';
import { secondsToFloor } from './time-to-floor.ts';

const second = 1_000_000;

test('the floor is as far as the room over it lasts at the rate between two looks, the copy left out', () => {
  const before = { freeBytes: 10_000, at: 0 };
  const now = { freeBytes: 7_000, at: 100 * second };
  expect(secondsToFloor({ before, now, copied: 2_000, floor: 1_000 })).toBe(600);
  expect(secondsToFloor({ before, now, copied: 0, floor: 8_000 })).toBe(0);
});

test('a filesystem that does not shrink reaches nothing', () => {
  const before = { freeBytes: 10_000, at: 0 };
  expect(secondsToFloor({ before, now: { freeBytes: 7_000, at: second }, copied: 3_000, floor: 0 })).toBeNull();
  expect(secondsToFloor({ before, now: { freeBytes: 9_000, at: 0 }, copied: 0, floor: 0 })).toBeNull();
});
