import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { intersected, merged, rangeWith, subtracted, type Range } from './ranges.ts';

const ranges = fc.array(
  fc
    .record({ timeline: fc.integer({ min: 1, max: 3 }), first: fc.nat({ max: 30 }), length: fc.nat({ max: 8 }) })
    .map(({ timeline, first, length }): Range => ({ timeline, first, last: first + length })),
  { maxLength: 12 },
);

/** The same as single segments. */
const segments = (all: readonly Range[]) =>
  new Set(
    all.flatMap(({ timeline, first, last }) =>
      Array.from({ length: last - first + 1 }, (_, index) => `${timeline}/${first + index}`),
    ),
  );

/** As few as possible, and in order. */
function expectTidy(all: readonly Range[]): void {
  for (const [index, one] of all.entries()) {
    const before = all[index - 1];
    const isApart = !before || before.timeline < one.timeline || before.last + 1 < one.first;
    expect({ ...one, isApart: isApart && one.first <= one.last }).toEqual({ ...one, isApart: true });
  }
}

describe('ranges of segments', () => {
  test('hold, merged, the same segments in the fewest ranges', () => {
    fc.assert(
      fc.property(ranges, (all) => {
        expect(segments(merged(all))).toEqual(segments(all));
        expectTidy(merged(all));
      }),
    );
  });

  test('hold, subtracted and intersected, what sets of segments hold', () => {
    fc.assert(
      fc.property(ranges, ranges, (one, other) => {
        const [mine, theirs] = [[...segments(one)], segments(other)];
        expect(segments(subtracted(one, other))).toEqual(new Set(mine.filter((each) => !theirs.has(each))));
        expect(segments(intersected(one, other))).toEqual(new Set(mine.filter((each) => theirs.has(each))));
        expectTidy(subtracted(one, other));
        expectTidy(intersected(one, other));
      }),
    );
  });

  test('are found by a segment, of its own timeline only', () => {
    const all = [
      { timeline: 1, first: 3, last: 5 },
      { timeline: 2, first: 6, last: 6 },
    ];
    expect([2, 3, 5, 6].map((number) => rangeWith(all, 1, number)?.first)).toEqual([undefined, 3, 3, undefined]);
    expect(rangeWith(all, 2, 6)).toEqual(all[1]);
  });
});
