import type { z } from 'zod';
import type { predictionsSchema } from './plan-document.ts';

type Predicted = z.infer<typeof predictionsSchema>;

/** How long a step of an earlier run took, and how much it moved. */
export interface Measure {
  readonly step: string;
  readonly seconds: number;
  /** Null for steps whose time does not depend on an amount. */
  readonly bytes: number | null;
}

export interface StepToPredict {
  readonly step: string;
  readonly bytes: number | null;
}

/** Fewer runs than this say nothing. */
const runsMin = 3;

/**
 * How long each step will take: its bytes by the median rate of earlier runs; the median of the times where there are no bytes.
 * `min` and `max` are what the fastest and the slowest of them make likely. Null below three runs. Pure.
 */
export function predictSteps(steps: readonly StepToPredict[], earlier: readonly Measure[]): Predicted['steps'] {
  return steps.map(({ step, bytes }) => ({
    step,
    bytes,
    seconds: predictStep(
      bytes,
      earlier.filter((one) => one.step === step),
    ),
  }));
}

/** The sum of what is known; null when a step that takes time is not. */
export function predictWhole(steps: Predicted['steps']): Predicted['seconds'] {
  let sum = { median: 0, min: 0, max: 0 };
  for (const { seconds } of steps) {
    if (seconds === null) return null;
    sum = { median: sum.median + seconds.median, min: sum.min + seconds.min, max: sum.max + seconds.max };
  }
  return steps.length === 0 ? null : rounded(sum);
}

/** The predictions of a plan that makes no copy and does not stop live. */
export function simplePredictions(
  steps: readonly StepToPredict[],
  measures: readonly Measure[],
  undo: string,
): Predicted {
  const predicted = predictSteps(steps, measures);
  return {
    scratchBytes: 0,
    walBytes: null,
    seconds: predictWhole(predicted),
    steps: predicted,
    outageSeconds: 0,
    lost: null,
    undo,
  };
}

function predictStep(bytes: number | null, measures: readonly Measure[]): Predicted['seconds'] {
  if (measures.length < runsMin) return null;
  const moved = measures.filter((one): one is Measure & { bytes: number } => one.bytes !== null && one.bytes > 0);
  const seconds = measures.map((one) => one.seconds);
  if (bytes === null || moved.length < runsMin) {
    return rounded({ median: median(seconds), min: less(Math.min(...seconds)), max: more(Math.max(...seconds)) });
  }
  const inProportion = moved.map((one) => (one.seconds * bytes) / one.bytes);
  // A step begins with what costs the same for any amount: it takes between as long as before and as long in proportion.
  const all = [...inProportion, ...moved.map((one) => one.seconds)];
  return rounded({ median: median(inProportion), min: less(Math.min(...all)), max: more(Math.max(...all)) });
}

/** The machine is not in the mood of the last five runs each time. */
const less = (one: number): number => one * 0.8;
const more = (one: number): number => one * 1.25;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [lower, upper] = [
    sorted[Math.floor((sorted.length - 1) / 2)] ?? 0,
    sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0,
  ];
  return (lower + upper) / 2;
}

function rounded({ median: middle, min, max }: NonNullable<Predicted['seconds']>): NonNullable<Predicted['seconds']> {
  const of = (value: number): number => Math.round(value * 1000) / 1000;
  return { median: of(middle), min: of(min), max: of(max) };
}
