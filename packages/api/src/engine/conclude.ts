import type { Json } from '@barback/shared/wire/json.ts';
import { problem, type Problem } from '@barback/shared/wire/problem.ts';
import { drillResult } from '../scenarios/drill-result.ts';
import type { Attempt } from './decide.ts';
import type { Run } from './load-run.ts';

/** Why an attempt did not succeed; null when it did, or is not over. */
export function problemOf(attempt: Pick<Attempt, 'outcome'> | null): Problem | null {
  const outcome = attempt?.outcome ?? null;
  if (outcome === null || outcome.is === 'succeeded') return null;
  if (outcome.is === 'cancelled') return problem('cancelled', 'it was cancelled before it had ended');
  return outcome.problem;
}

/** What a run has to show, also when it failed: the parts that it did not get to are empty. */
export function resultOf(run: Run): Json {
  if (run.row.scenario !== 'drill') return null;
  return drillResult(run.plan.steps, run.attempts) as unknown as Json;
}
