import { describe, expect, test } from 'vitest';
import { wal, segmentBytes } from './testing/facts.ts';
import { historyOf, isBefore, walReach, type WalFacts } from './wal-path.ts';

const segment = (timeline: number, number: number): string =>
  `0000000${timeline}00000000000000${number.toString(16).toUpperCase().padStart(2, '0')}`;
const run = (timeline: number, first: number, last: number): WalFacts['runs'][number] => ({
  timeline,
  first: segment(timeline, first),
  last: segment(timeline, last),
  lastIsPartial: false,
});
/** Timeline 2 left timeline 1 in segment 5. */
const histories = [{ timeline: 2, ancestors: [{ timeline: 1, switchLsn: '0/5000100', reason: '' }] }];
const reach = (facts: WalFacts, timeline: number, from: string): ReturnType<typeof walReach> =>
  walReach(facts, historyOf(facts, timeline), from);

describe('WAL along a path', () => {
  test('reaches to the end of an unbroken run', () => {
    expect(reach(wal(), 1, segment(1, 2))).toEqual({ last: segment(1, 9), segments: 8, hole: null });
  });

  test('stops before a hole and names it', () => {
    const facts = wal({ runs: [run(1, 1, 3), run(1, 6, 9)] });
    expect(reach(facts, 1, segment(1, 2))).toEqual({
      last: segment(1, 3),
      segments: 2,
      hole: { first: segment(1, 4), last: segment(1, 5) },
    });
  });

  test('that begins after the segment that is needed reaches nothing', () => {
    const facts = wal({ runs: [run(1, 4, 9)] });
    expect(reach(facts, 1, segment(1, 2))).toEqual({
      last: null,
      segments: 0,
      hole: { first: segment(1, 2), last: segment(1, 3) },
    });
  });

  test('changes to the newer timeline in the segment of the switch', () => {
    const facts = wal({ histories, runs: [run(1, 1, 5), run(2, 5, 7)] });
    expect(reach(facts, 2, segment(1, 2))).toEqual({ last: segment(2, 7), segments: 6, hole: null });
    expect(reach(facts, 1, segment(1, 2))).toEqual({ last: segment(1, 5), segments: 4, hole: null });
  });

  test('does not take the segment of the switch from the older timeline: PostgreSQL asks for the newer', () => {
    const facts = wal({ histories, runs: [run(1, 1, 5), run(2, 6, 7)] });
    expect(reach(facts, 2, segment(1, 2)).hole).toEqual({ first: segment(2, 5), last: segment(2, 5) });
  });

  test('does not count what another branch wrote behind the switch', () => {
    const facts = wal({ histories, runs: [run(1, 1, 9), run(2, 5, 6)] });
    expect(reach(facts, 2, segment(1, 2))).toEqual({ last: segment(2, 6), segments: 5, hole: null });
  });

  test('compares segments by their place, not by their timeline', () => {
    expect(isBefore(segment(2, 1), segment(1, 2), segmentBytes)).toBe(true);
    expect(isBefore(segment(1, 2), segment(2, 2), segmentBytes)).toBe(false);
  });
});
