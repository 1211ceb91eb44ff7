import { expect, test } from 'vitest';
import { Tally } from './tally.ts';

test('sums checks and tests, and names skipped ones only if there are any', () => {
  const tally = new Tally();
  tally.count(true);
  tally.count(false);
  expect(tally.countTests({ passed: 3, failed: 0, skipped: [], unsteady: [] }, 0)).toBeUndefined();
  expect(String(tally)).toBe('4 passed, 1 failed');
  tally.countTests({ passed: 1, failed: 2, skipped: [{ name: 'a', reason: 'no arm64 machine' }], unsteady: [] }, 1);
  expect(String(tally)).toBe('5 passed, 3 failed, 1 skipped');
});

test('a run that executed no test has failed', () => {
  const tally = new Tally();
  expect(tally.countTests({ passed: 0, failed: 0, skipped: [{ name: 'a', reason: 'b' }], unsteady: [] }, 0)).toBe(
    'not one test was executed',
  );
  expect(tally.failed).toBe(1);
});

test('a run that ends badly without a failed test has failed', () => {
  const tally = new Tally();
  expect(tally.countTests({ passed: 5, failed: 0, skipped: [], unsteady: [] }, 1)).toContain('although no test failed');
  expect(String(tally)).toBe('5 passed, 1 failed');
});

test('a run that left no summary has failed', () => {
  const tally = new Tally();
  expect(tally.countTests(undefined, 0)).toContain('without a summary');
  expect(String(tally)).toBe('0 passed, 1 failed');
});
