import type { z } from 'zod';
import type { Step } from '../scenarios/step.ts';
import type { predictionsSchema } from './plan-document.ts';

type PredictedSteps = z.infer<typeof predictionsSchema>['steps'];

/**
 * From the first step that keeps somebody out to the one that lets them in again, without those that are seldom due; null until earlier
 * runs have shown each. Pure.
 */
export function outageSeconds(
  predicted: PredictedSteps,
  steps: readonly Pick<Step, 'name' | 'onlyIf'>[],
): number | null {
  const stop = steps.findIndex(({ name }) => name.startsWith('stop-') || name === 'fence');
  const open = steps.findIndex(({ name }) => name === 'open');
  if (stop < 0 || open < 0) return null;
  const within = predicted
    .slice(stop, open + 1)
    .filter((_, at) => steps[stop + at]?.onlyIf === undefined)
    .map((one) => one.seconds?.median ?? null);
  if (within.some((seconds) => seconds === null)) return null;
  const sum = within.reduce<number>((total, seconds) => total + (seconds ?? 0), 0);
  return Math.round(sum * 1000) / 1000;
}
