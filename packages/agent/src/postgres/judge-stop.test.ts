import { describe, expect, test } from 'vitest';
import { differencesFromPlan, type Stop } from './judge-stop.ts';

const noon = 1_795_348_800_000_000;
const kept = { xid: 700, lsn: '0/3000028', time: noon };
const undone = { xid: 701, lsn: '0/3000100', time: noon + 1 };

const expected = { record: '0/3000100', lastKept: kept, firstUndone: undone, lastEndTime: noon };
const stop: Stop = { record: '0/3000100', lastReplayed: kept, firstSkipped: undone, lastEndTime: noon };

describe('a stop', () => {
  test('as planned has no difference', () => {
    expect(differencesFromPlan(expected, stop)).toEqual([]);
  });

  test.each<[string, Partial<Stop>, string]>([
    ['at another record', { record: '0/3000028' }, 'it stopped at 0/3000028 instead of 0/3000100'],
    ['at no record', { record: null }, 'it stopped at no location instead of 0/3000100'],
    [
      'behind another transaction',
      { lastReplayed: { ...kept, xid: 699 } },
      'the last transaction in the copy is 699 at 0/3000028 instead of 700 at 0/3000028',
    ],
    [
      'behind the same number on another branch',
      { lastReplayed: { ...kept, lsn: '0/2FFFFE8' } },
      'the last transaction in the copy is 700 at 0/2FFFFE8 instead of 700 at 0/3000028',
    ],
    [
      'before another transaction',
      { firstSkipped: { ...undone, xid: 702 } },
      'the first transaction left out is 702 at 0/3000100 instead of 701 at 0/3000100',
    ],
    [
      'with another last time',
      { lastEndTime: noon - 1 },
      'the last replayed transaction is of 2026-11-22T11:59:59.999999Z instead of 2026-11-22T12:00:00.000000Z',
    ],
  ])('%s is told in words', (_, found, words) => {
    expect(differencesFromPlan(expected, { ...stop, ...found })).toEqual([words]);
  });

  test('claims nothing of what was not looked at', () => {
    const unknown = { ...stop, lastReplayed: null, firstSkipped: null, lastEndTime: null };
    expect(differencesFromPlan(expected, unknown)).toEqual([]);
    const nothing = { record: '0/3000100', lastKept: null, firstUndone: null, lastEndTime: null };
    expect(differencesFromPlan(nothing, stop)).toEqual([]);
  });

  test('with several differences tells each', () => {
    const other = { record: '0/1', lastReplayed: undone, firstSkipped: kept, lastEndTime: noon + 5 };
    expect(differencesFromPlan(expected, other)).toHaveLength(4);
  });
});
