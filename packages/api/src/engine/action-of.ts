import { operations } from '@barback/shared/operations/index.ts';
import type { OperationClass } from '@barback/shared/operations/contract.ts';
import type { PlanDocument } from '../planner/plan-document.ts';
import type { Action } from '../scenarios/step.ts';
import type { Direction } from './decide.ts';

export interface NamedAction {
  readonly name: string;
  readonly title: string;
  readonly action: Action;
}

/** What an attempt carries out: the step's action, or its inverse's. */
export function actionOf(plan: PlanDocument, step: number, direction: Direction): NamedAction {
  const found = direction === 'forward' ? plan.steps[step] : plan.steps[step]?.inverse;
  if (!found) throw new Error(`cannot find the ${direction} action of step ${step} in plan ${plan.id}`);
  return found;
}

/** Null for what no agent does. */
export function classOf(action: Action): OperationClass | null {
  return action.on === 'agent' ? operations[action.op].class : null;
}
