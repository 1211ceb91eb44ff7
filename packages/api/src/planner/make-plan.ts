import { drill } from '../scenarios/drill.ts';
import type { Mirrored } from '../scenarios/mirror-steps.ts';
import { copyFacts } from './copy-facts.ts';
import { basisOfCopy, copyPlan, type CopyPlanInput } from './copy-plan.ts';
import { drillPlanSchema, type DrillPlan } from './plan-document.ts';
import type { DrillRequest } from './plan-request.ts';

export interface PlanInput extends CopyPlanInput {
  readonly request: DrillRequest;
  /** What the mirror is said to hold; null: the drill is of Barman's own files. */
  readonly mirrored: Mirrored | null;
}

/** The plan of a drill, its course and the facts: everything that will be done, with every parameter final. Pure. */
export function makePlan(input: PlanInput): DrillPlan {
  const { request, gathered, course, settings } = input;
  const steps = drill.steps(request.options, {
    ...copyFacts(request.server, gathered, course),
    basis: basisOfCopy(input),
    configuredProbes: gathered.host.probes,
    mirrored: input.mirrored,
    bounds: { rowLossPercentMax: settings.rowLossPercentMax, tablesMin: settings.tablesMin },
  });
  return drillPlanSchema.parse(copyPlan(input, steps));
}
