import { describe, expect, test } from 'vitest';
import { renamesTo, swapState, type Lies, type SwapPlaces } from './swap-state.ts';

const all: readonly Lies[] = ['old', 'incoming', 'other', 'nothing'];
const combinations: SwapPlaces[] = all.flatMap((live) =>
  all.flatMap((kept) => all.map((source) => ({ live, kept, source }))),
);

describe('the state of a swap', () => {
  test.each([true, false])('is known in exactly the states that it passes through (an old directory: %s)', (hadOld) => {
    const known = combinations.filter((places) => swapState(places, hadOld) !== 'altered');
    expect(known).toHaveLength(hadOld ? 3 : 2);
  });

  test.each([true, false])(
    'after a kill at any rename, in either direction, leads to exactly one complete directory at the live path (an old directory: %s)',
    (hadOld) => {
      const begin: SwapPlaces = { live: hadOld ? 'old' : 'nothing', kept: 'nothing', source: 'incoming' };
      for (const first of ['done', 'not-begun'] as const) {
        for (let stop = 0; stop <= 2; stop += 1) {
          for (const then of ['done', 'not-begun'] as const) {
            const from = first === 'done' ? begin : go(begin, 'done', hadOld, 2);
            const killed = go(from, first, hadOld, stop);
            const end = go(killed, then, hadOld, 2);
            expect(swapState(end, hadOld)).toBe(then);
            expect(end.live).toBe(then === 'done' ? 'incoming' : begin.live);
          }
        }
      }
    },
  );

  test('that lost its incoming directory leads back to what was live, and nowhere else', () => {
    for (const source of ['other', 'nothing'] as const) {
      for (const places of [
        { live: 'old', kept: 'nothing', source },
        { live: 'nothing', kept: 'old', source },
      ] as const) {
        expect(renamesTo('done', places, true)).toBeUndefined();
        expect(renamesTo('not-begun', places, true)).toEqual(
          places.live === 'old' ? [] : [{ from: 'kept', to: 'live' }],
        );
      }
    }
    expect(renamesTo('not-begun', { live: 'other', kept: 'old', source: 'incoming' }, true)).toBeUndefined();
    expect(renamesTo('not-begun', { live: 'other', kept: 'nothing', source: 'incoming' }, false)).toBeUndefined();
  });
});

/** Carries out at most so many of the renames that are left. */
function go(places: SwapPlaces, goal: 'done' | 'not-begun', hadOld: boolean, atMost: number): SwapPlaces {
  const renames = renamesTo(goal, places, hadOld);
  if (!renames) throw new Error(`altered: ${JSON.stringify(places)}`);
  return renames.slice(0, atMost).reduce((now, { from, to }) => {
    expect(now[to]).toBe('nothing');
    return { ...now, [to]: now[from], [from]: 'nothing' };
  }, places);
}
