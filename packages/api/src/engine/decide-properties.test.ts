import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Inverse, Step } from '../scenarios/step.ts';
import type { Attempt } from './decide.ts';
import { actions, fates, play, stepOf, type Is, type Kind, type Played } from './testing/play-run.ts';

const kinds = fc.constantFrom<Kind>('R', 'I', 'A', 'D', 'api', 'person');
const anySteps = fc
  .array(fc.tuple(kinds, fc.constantFrom<Inverse['when'] | undefined>(undefined, 'failure', 'always')), {
    minLength: 1,
    maxLength: 6,
  })
  .map((list) => list.map(([kind, when], index) => stepOf(kind, index, kind === 'R' ? undefined : when)));
const anyFate = fc.array(
  fc.constantFrom<Is>('succeeded', 'succeeded', 'succeeded', 'failed', 'cancelled', 'unknown', 'absent', 'partial'),
  { maxLength: 60 },
);
const anyRun = fc.record({
  steps: anySteps,
  fate: anyFate,
  cancelAt: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat(40)),
  resumes: fc.nat(3),
});

/** The first of a thousand runs for which the claim does not hold; null when it holds for all. */
function violation(claim: (steps: readonly Step[], played: Played) => void): string | null {
  const property = fc.property(anyRun, ({ steps, fate, cancelAt, resumes }) => {
    claim(steps, play(steps, fates(...fate), { cancelAt, resumes }));
  });
  const found = fc.check(property, { numRuns: 1_000 });
  return found.failed ? (fc.defaultReportMessage(found) ?? 'it does not hold') : null;
}

function succeeded(played: Played, step: number, direction: Attempt['direction']): Attempt[] {
  return played.attempts.filter(
    (one) => one.step === step && one.direction === direction && one.outcome?.is === 'succeeded',
  );
}

function begun(played: Played, step: number): boolean {
  return played.attempts.some((attempt) => attempt.step === step && attempt.direction === 'forward');
}

describe('whatever happens to a run', () => {
  test('it ends, and succeeds only if every step did', () => {
    const found = violation((steps, played) => {
      const all = steps.every((_, index) => succeeded(played, index, 'forward').length === 1);
      const expected = played.end.state === 'needs_operator' ? all : played.end.state === 'succeeded';
      expect(all).toBe(expected);
    });
    expect(found).toBeNull();
  });

  test('what was begun is put back exactly once, last first, before it counts as ended', () => {
    const found = violation((steps, played) => {
      if (played.end.state === 'needs_operator') return;
      const due = steps
        .map((step, index) => ({ step, index }))
        .filter(({ step: { inverse }, index }) => begun(played, index) && inverse !== undefined)
        .filter(({ step: { inverse } }) => played.end.state !== 'succeeded' || inverse?.when === 'always')
        .map(({ index }) => index)
        .toReversed();
      const done = played.attempts.filter((one) => one.direction === 'inverse' && one.outcome?.is === 'succeeded');
      expect(done.map((attempt) => attempt.step)).toEqual(due);
    });
    expect(found).toBeNull();
  });

  test('nothing that was not begun is put back', () => {
    const found = violation((_, played) => {
      const inverses = played.attempts.filter((attempt) => attempt.direction === 'inverse');
      expect(inverses.every((attempt) => begun(played, attempt.step))).toBe(true);
    });
    expect(found).toBeNull();
  });

  test('a forward step is repeated only where it is known to be safe', () => {
    const found = violation((steps, played) => {
      for (const attempt of played.attempts.filter((one) => one.direction === 'forward' && one.number > 1)) {
        const before = played.attempts.find(
          (one) => one.step === attempt.step && one.direction === 'forward' && one.number === attempt.number - 1,
        );
        const mayBePartial = steps[attempt.step]?.action === actions.I;
        expect(mayBePartial ? ['absent', 'partial'] : ['absent']).toContain(before?.outcome?.is);
      }
    });
    expect(found).toBeNull();
  });

  test('a person is asked only about half a destruction or a clean-up that will not work', () => {
    const found = violation((steps, played) => {
      const { state, cause } = played.end;
      if (state !== 'needs_operator') return;
      const half = cause?.outcome?.is === 'partial' && steps[cause.step]?.action === actions.D;
      expect(half || cause?.direction === 'inverse').toBe(true);
    });
    expect(found).toBeNull();
  });

  test('it is cancelled only if somebody asked', () => {
    const found = violation((_, played) => {
      expect(played.end.state !== 'cancelled' || played.cancelRequested).toBe(true);
    });
    expect(found).toBeNull();
  });
});
