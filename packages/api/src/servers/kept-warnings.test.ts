import { expect, test } from 'vitest';
import { keptWarnings } from './kept-warnings.ts';

const day = 86_400_000_000;
const settings = { keepDays: 7, diskFreePercentMin: 15 };
const roomy = { freeBytes: 50, totalBytes: 100 };
const kept = [{ plan: 'p1', keptAt: 0 }];

test('what is kept is quiet within its time, on a disk with room', () => {
  expect(keptWarnings({ kept, settings, disk: roomy, now: 7 * day - 1 })).toEqual([]);
  expect(keptWarnings({ kept: [], settings, disk: { freeBytes: 1, totalBytes: 100 }, now: 70 * day })).toEqual([]);
});

test('a keep time that is over, and a disk below its watermark, are told with what to do', () => {
  const warnings = keptWarnings({ kept, settings, disk: { freeBytes: 149, totalBytes: 1000 }, now: 7 * day });
  expect(warnings).toEqual([
    expect.stringMatching(/plan p1 \(7 days\) ended 1970-01-08.*accept its run/),
    expect.stringMatching(/^14.9 % .* less than 15 %: accept/),
  ]);
});

test('a disk that is not known is not guessed', () => {
  expect(keptWarnings({ kept, settings, disk: null, now: 0 })).toEqual([]);
});
