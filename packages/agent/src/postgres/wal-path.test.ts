import { segmentName } from '@barback/shared/postgres/segment.ts';
import type { TimelineHistory } from '@barback/shared/postgres/timeline.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { walkWalPath } from './wal-path.ts';

const segmentBytes = 16 * 1024 * 1024;
const name = (timeline: number, number: number) => segmentName({ timeline, number: BigInt(number) }, segmentBytes);
const history = (timeline: number, ...ancestors: [number, string][]): TimelineHistory => ({
  timeline,
  ancestors: ancestors.map(([one, switchLsn]) => ({ timeline: one, switchLsn, reason: '' })),
});

/** Timeline 3 left 2 within segment 6, which had left 1 within segment 4. */
const third = history(3, [1, '0/4000100'], [2, '0/6000100']);
const walk = (held: readonly string[], begin: string, until: string | null = null, of = third) =>
  walkWalPath((one) => held.includes(one), of, { begin, until, segmentBytes });

describe('the way along a timeline', () => {
  test('takes each segment from the timeline that owns it, and the newer one where a switch lies', () => {
    const held = [1, 2, 3, 4]
      .map((n) => name(1, n))
      .concat(
        [4, 5, 6].map((n) => name(2, n)),
        [6, 7].map((n) => name(3, n)),
      );
    expect(walk(held, name(1, 2)).segments).toEqual([
      name(1, 2),
      name(1, 3),
      name(2, 4),
      name(2, 5),
      name(3, 6),
      name(3, 7),
    ]);
    expect(walk(held, name(1, 2))).toMatchObject({ gap: null, next: name(3, 8) });
  });

  test('takes the older file of the segment of a switch until the newer one is there', () => {
    expect(walk([name(1, 3), name(1, 4)], name(1, 3)).segments).toEqual([name(1, 3), name(1, 4)]);
    // Further on, a file of an older timeline is another history.
    expect(walk([name(1, 3), name(1, 4), name(1, 5)], name(1, 3))).toMatchObject({ gap: null, next: name(2, 5) });
  });

  test('ends with its last segment, and tells the first that is missing in it', () => {
    const held = [1, 2, 4].map((n) => name(1, n));
    const first = history(1);
    expect(walk(held, name(1, 1), name(1, 2), first)).toMatchObject({ segments: [name(1, 1), name(1, 2)], gap: null });
    expect(walk(held, name(1, 1), name(1, 4), first)).toMatchObject({ gap: name(1, 3), next: name(1, 3) });
    expect(walk(held, name(1, 1), name(1, 9), first)).toMatchObject({ gap: name(1, 3) });
    expect(walk(held, name(1, 5), null, first)).toEqual({ segments: [], gap: null, next: name(1, 5) });
  });

  test('refuses what is no name of a segment', () => {
    expect(() => walk([], '00000003.history')).toThrow('not names of WAL segments');
    expect(() => walk([], name(1, 1), 'x')).toThrow('not names of WAL segments');
  });

  test('never crosses a hole, whatever is held behind it', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 30 }), (held, begin) => {
        const { segments, gap, next } = walk(
          held.map((one) => name(1, one)),
          name(1, begin),
          null,
          history(1),
        );
        let number = begin;
        while (held.includes(number)) number += 1;
        const count = number - begin;
        expect(segments).toEqual(Array.from({ length: count }, (_, index) => name(1, begin + index)));
        expect(next).toBe(name(1, number));
        expect(gap).toBe(held.some((one) => one > number) ? name(1, number) : null);
      }),
      { numRuns: 200 },
    );
  });
});
