import type { z } from 'zod';
import type { predictionsSchema } from './plan-document.ts';

type PredictedSteps = z.infer<typeof predictionsSchema>['steps'];

/** From the first step that keeps somebody out to the one that lets them in again; null until earlier runs have shown each. Pure. */
export function outageSeconds(predicted: PredictedSteps, steps: readonly string[]): number | null {
  const stop = steps.findIndex((name) => name.startsWith('stop-') || name === 'fence');
  const open = steps.indexOf('open');
  if (stop < 0 || open < 0) return null;
  const within = predicted.slice(stop, open + 1).map((one) => one.seconds?.median ?? null);
  if (within.some((seconds) => seconds === null)) return null;
  const sum = within.reduce<number>((total, seconds) => total + (seconds ?? 0), 0);
  return Math.round(sum * 1000) / 1000;
}
