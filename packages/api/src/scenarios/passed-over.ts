import type { Json } from '@barback/shared/wire/json.ts';
import type { TimedAttempt } from '../engine/decide.ts';
import type { Step } from './step.ts';

/** The result of a step that there was no reason for: its condition in words. */
interface PassedOver {
  readonly passedOver: string;
}

/** Why a step is passed over; null when it is due. A step whose condition was itself passed over is not due either. Pure. */
export function whyPassedOver(
  steps: readonly Step[],
  attempts: readonly Pick<TimedAttempt, 'step' | 'direction' | 'outcome'>[],
  step: number,
): string | null {
  const condition = steps[step]?.onlyIf;
  if (condition === undefined) return null;
  const asked = steps.findIndex((one) => one.name === condition.step);
  if (asked < 0 || asked >= step) throw new Error(`cannot judge a step by ${condition.step}, which is not before it`);
  const outcome = attempts.findLast(
    (one) => one.step === asked && one.direction === 'forward' && one.outcome?.is === 'succeeded',
  )?.outcome;
  if (outcome?.is !== 'succeeded') throw new Error(`cannot judge a step by ${condition.step}, which has no result`);
  const said = fieldOf(outcome.result, condition.field);
  return said === condition.is ? null : `${condition.step}: ${condition.field} is not ${String(condition.is)}`;
}

export function passedOver(why: string): Json {
  return { passedOver: why } satisfies PassedOver;
}

export function isPassedOver(result: Json): boolean {
  return fieldOf(result, 'passedOver') !== undefined;
}

function fieldOf(result: Json, field: string): Json | undefined {
  if (result === null || typeof result !== 'object' || Array.isArray(result)) return undefined;
  return Object.hasOwn(result, field) ? (result as Readonly<Record<string, Json>>)[field] : undefined;
}
