import { indexBatchSegments } from '@barback/shared/operations/wal-index.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { carryEvery, nextRead, type NextRead, type NextReadFacts } from './next-read.ts';
import { merged, rangeWith, type Range } from './ranges.ts';
import { nothingKnown, type WalState } from './wal-state.ts';

const segmentBytes = 16 * 1024 * 1024;
const lsnOf = (number: number, offset = 0x100) => `0/${(number * segmentBytes + offset).toString(16).toUpperCase()}`;

/** Timeline 2 left 1 within segment 20. */
const histories = [{ timeline: 2, ancestors: [{ timeline: 1, switchLsn: lsnOf(20), reason: '' }] }];

const state = (more: Partial<WalState>): WalState => ({ ...nothingKnown, segmentBytes, histories, ...more });
const range = (first: number, last: number, timeline = 1): Range => ({ timeline, first, last });

function facts(
  more: Partial<WalState>,
  carries: readonly number[] = [],
  begins: readonly number[] = [],
): NextReadFacts {
  return {
    state: state(more),
    begins: begins.map((number) => ({ timeline: 1, number })),
    hasCarry: (timeline, number) => timeline === 1 && carries.includes(number),
  };
}

describe('the next segments to read', () => {
  test('are none when all was read, or the rest is damaged', () => {
    expect(nextRead(facts({}))).toBeNull();
    expect(nextRead(facts({ complete: [range(1, 5)], read: [range(1, 5)] }))).toBeNull();
    const hole = { timeline: 1, number: 3, cause: 'damaged' as const, detail: '', readableTo: null, foundAt: 0 };
    const damaged = { complete: [range(1, 5)], read: [range(1, 2), range(4, 5)], holes: [hole] };
    expect(nextRead(facts(damaged))).toBeNull();
  });

  test('begin at the begin, and go on behind what was read if its carry is kept', () => {
    const complete = [range(1, 5)];
    expect(nextRead(facts({ complete }))).toEqual({ timeline: 1, first: 1, last: 5, isFront: true, behind: null });
    const read = [range(1, 3)];
    expect(nextRead(facts({ complete, read }, [3]))).toMatchObject({ first: 4, behind: { timeline: 1, number: 3 } });
    // The nearest that has one: what lies between is read again.
    expect(nextRead(facts({ complete, read }, [2]))).toMatchObject({ first: 3, behind: { timeline: 1, number: 2 } });
    expect(nextRead(facts({ complete, read }))).toMatchObject({ first: 4, behind: null });
  });

  test('never go on across a hole', () => {
    const more = { complete: [range(1, 3), range(5, 9)], read: [range(1, 3)] };
    expect(nextRead(facts(more, [3]))).toMatchObject({ first: 5, behind: null });
  });

  test('go on behind the parent where a timeline begins, and not in the files that it repeats', () => {
    const more = { complete: [range(1, 20), range(18, 25, 2)], read: [range(1, 20)] };
    expect(nextRead(facts(more, [19]))).toMatchObject({ timeline: 2, first: 20, behind: { timeline: 1, number: 19 } });
  });

  test('are none of a timeline whose history is missing: nobody knows what they follow', () => {
    expect(nextRead(facts({ complete: [range(1, 3, 7)], histories: [] }))).toBeNull();
  });

  test('lead to the newest first, from the begin of the newest backup in a long archive', () => {
    const complete = [range(1, 2000)];
    expect(nextRead(facts({ complete }, [], [100, 1800, 900]))).toMatchObject({ first: 1800, isFront: true });
    const rest = nextRead(facts({ complete, read: [range(1800, 2000)] }, [], [100, 1800, 900]));
    expect(rest).toMatchObject({ first: 900, isFront: false });
    expect(nextRead(facts({ complete: [range(1, 100)] }, [], [50]))).toMatchObject({ first: 1 });
  });

  test('read everything in the end, each batch small enough for one request', () => {
    const held = fc.array(fc.record({ first: fc.integer({ min: 1, max: 700 }), length: fc.nat({ max: 300 }) }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(held, fc.uniqueArray(fc.nat({ max: 900 }), { maxLength: 3 }), (all, begins) => {
        const complete = merged(all.map(({ first, length }) => range(first, first + length)));
        const carries: number[] = [];
        let read: Range[] = [];
        for (let turn = 0; ; turn += 1) {
          const next = nextRead(facts({ complete, read }, carries, begins));
          if (next === null) break;
          expectUseful(next, { complete, read });
          read = merged([...read, range(next.first, next.last)]);
          carries.push(next.last);
          expect(turn).toBeLessThan(1000);
        }
        expect(read).toEqual(complete);
      }),
      { numRuns: 40 },
    );
  });
});

function expectUseful(
  next: NextRead,
  { complete, read }: { complete: readonly Range[]; read: readonly Range[] },
): void {
  expect(next.last - next.first).toBeLessThan(indexBatchSegments);
  const inside = rangeWith(complete, 1, next.first);
  expect(inside?.last).toBeGreaterThanOrEqual(next.last);
  expect(rangeWith(read, 1, next.last)).toBeUndefined();
  // A carry is kept where the batch ends: at a border, or at the end of what there is.
  expect(
    (next.last + 1) % carryEvery === 0 || next.last === inside?.last || rangeWith(read, 1, next.last + 1) !== undefined,
  ).toBe(true);
}
