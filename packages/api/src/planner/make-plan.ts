import { drill } from '../scenarios/drill.ts';
import { copyFacts } from './copy-facts.ts';
import { basisOfCopy, copyPlan, type CopyPlanInput } from './copy-plan.ts';
import { drillPlanSchema, type DrillPlan } from './plan-document.ts';
import type { DrillRequest } from './plan-request.ts';

export interface PlanInput extends CopyPlanInput {
  readonly request: DrillRequest;
}

/** The plan of a drill, its course and the facts: everything that will be done, with every parameter final. Pure. */
export function makePlan(input: PlanInput): DrillPlan {
  const { request, gathered, course, settings } = input;
  const steps = drill.steps(request.options, {
    ...copyFacts(request.server, gathered, course),
    basis: basisOfCopy(input),
    configuredProbes: gathered.host.probes,
    bounds: { rowLossPercentMax: settings.rowLossPercentMax, tablesMin: settings.tablesMin },
  });
  return drillPlanSchema.parse(copyPlan(input, steps));
}
