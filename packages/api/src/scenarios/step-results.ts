import type { operations, OpName, Result } from '@barback/shared/operations/index.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import type { z } from 'zod';
import type { TimedAttempt } from '../engine/decide.ts';
import { isPassedOver } from './passed-over.ts';
import type { Step } from './step.ts';

/** What each succeeded step with this operation was asked and answered; the result was checked when it was admitted. */
export function resultsOf<N extends OpName>(steps: readonly Step[], attempts: readonly TimedAttempt[], op: N) {
  type Answered = { readonly params: z.infer<(typeof operations)[N]['params']>; readonly result: Result<N> };
  return steps.flatMap(({ action }, index): Answered[] => {
    if (action.on !== 'agent' || action.op !== op) return [];
    const outcome = attempts.find(
      (one) => one.step === index && one.direction === 'forward' && one.outcome?.is === 'succeeded',
    )?.outcome;
    return outcome?.is === 'succeeded' && !isPassedOver(outcome.result)
      ? [{ params: action.params as Answered['params'], result: outcome.result as unknown as Result<N> }]
      : [];
  });
}

/** What the step of that name has answered, whoever did it; undefined: it has not succeeded. */
export function outcomeOf(steps: readonly Step[], attempts: readonly TimedAttempt[], name: string): Json | undefined {
  const index = steps.findIndex((step) => step.name === name);
  const outcome = attempts.find(
    (one) => one.step === index && one.direction === 'forward' && one.outcome?.is === 'succeeded',
  )?.outcome;
  return outcome?.is === 'succeeded' ? outcome.result : undefined;
}

/** When the first try of a step began, and the one that succeeded ended; null where it did not come to that. */
export function timesOf(steps: readonly Step[], attempts: readonly TimedAttempt[], name: string) {
  const index = steps.findIndex((step) => step.name === name);
  const tries = attempts.filter((one) => one.step === index && one.direction === 'forward');
  return {
    began: tries[0]?.intendedAt ?? null,
    ended: tries.find((one) => one.outcome?.is === 'succeeded')?.endedAt ?? null,
  };
}
