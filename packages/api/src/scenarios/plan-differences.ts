import type { Json } from '@barback/shared/wire/json.ts';
import { problem, type Problem } from '@barback/shared/wire/problem.ts';

/** Something that is not as it was when the plan was made. */
export interface Difference {
  readonly what: string;
  readonly planned: Json;
  readonly found: Json;
}

/** None where either is not known. */
export function compared(what: string, planned: Json, found: Json): Difference[] {
  return planned === null || found === null || planned === found ? [] : [{ what, planned, found }];
}

/** The problem of a plan with these differences; null without any. */
export function voidPlan(differences: readonly Difference[]): Problem | null {
  if (differences.length === 0) return null;
  const told = differences.map((one) => `${one.what} was ${text(one.planned)} and is ${text(one.found)}`);
  return problem('plan-void', `Nothing was touched: ${told.join('; ')}`, {
    next: 'Make a new plan: POST /v1/plans',
    facts: { differences: differences as unknown as Json },
  });
}

function text(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
