import type { PlanBody } from './barback-client.ts';

export function codesOf(plan: PlanBody): readonly string[] {
  return plan.findings.map((one) => one.code);
}

/** The plan's finding with this code; fails with all that it has when there is none. */
export function findingOf(plan: PlanBody, code: string): PlanBody['findings'][number] {
  const found = plan.findings.find((one) => one.code === code);
  if (found === undefined) throw new Error(`the plan has no ${code}: ${JSON.stringify(plan.findings)}`);
  return found;
}
