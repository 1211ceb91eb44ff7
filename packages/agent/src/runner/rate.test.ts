import { expect, test } from 'vitest';
import { Rate } from './rate.ts';

test('the rate is that of the last five seconds, not of the whole copy', () => {
  const rate = new Rate();
  expect(rate.add('copy', 0, 0)).toBe(0);
  for (let second = 1; second <= 10; second += 1) rate.add('copy', second * 1000, second * 1000);
  expect(rate.add('copy', 11_000, 11_000)).toBe(1000);
  // A stall shows within five seconds.
  for (let second = 12; second <= 17; second += 1) rate.add('copy', 11_000, second * 1000);
  expect(rate.add('copy', 11_000, 18_000)).toBe(0);
});

test('another phase, or bytes that shrink, begin a new count', () => {
  const rate = new Rate();
  rate.add('copy', 5_000, 0);
  expect(rate.add('wal', 6_000, 1_000)).toBe(0);
  expect(rate.add('wal', 7_000, 2_000)).toBe(1000);
  expect(rate.add('wal', 100, 3_000)).toBe(0);
});
