import { expect, test } from 'vitest';
import { predictSteps, predictWhole, type Measure } from './predict.ts';

const measures = (step: string, ...all: readonly (readonly [seconds: number, bytes: number | null])[]): Measure[] =>
  all.map(([seconds, bytes]) => ({ step, seconds, bytes }));

test('a step that moves bytes is predicted by the median of the rates, between no slower than before and in proportion', () => {
  const earlier = measures('recover', [10, 1000], [10, 2000], [10, 4000]);
  expect(predictSteps([{ step: 'recover', bytes: 8000 }], earlier)).toEqual([
    { step: 'recover', bytes: 8000, seconds: { median: 40, min: 8, max: 100 } },
  ]);
  expect(predictSteps([{ step: 'recover', bytes: 500 }], earlier)[0]?.seconds).toEqual({
    median: 2.5,
    min: 1,
    max: 12.5,
  });
});

test('a step without bytes is predicted by the median of the times', () => {
  expect(
    predictSteps([{ step: 'check', bytes: null }], measures('check', [9, null], [1, null], [2, null]))[0]?.seconds,
  ).toEqual({ median: 2, min: 0.8, max: 11.25 });
});

test('nothing is predicted below three runs, of a step or of the whole', () => {
  const earlier = [...measures('check', [1, null], [1, null]), ...measures('recover', [1, 1], [1, 1], [1, 1])];
  const steps = predictSteps(
    [
      { step: 'check', bytes: null },
      { step: 'recover', bytes: 1 },
    ],
    earlier,
  );
  expect(steps.map((one) => one.seconds === null)).toEqual([true, false]);
  expect(predictWhole(steps)).toBeNull();
});

test('the whole takes the sum of its steps, never more than its slowest and never less than its fastest', () => {
  const seconds = { median: 2, min: 1, max: 4 };
  const steps = ['a', 'b'].map((step) => ({ step, bytes: null, seconds }));
  expect(predictWhole(steps)).toEqual({ median: 4, min: 2, max: 8 });
});
