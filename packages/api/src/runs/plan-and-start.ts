import { ProblemError, problemTypeOf } from '@barback/shared/wire/problem.ts';
import { and, eq, gt } from 'drizzle-orm';
import type { Actor } from '../audit/append-event.ts';
import { plans, runs } from '../db/schema.ts';
import type { EngineDeps } from '../engine/engine-deps.ts';
import { loadRunView } from '../engine/load-run-view.ts';
import type { RunView } from '../engine/run-view.ts';
import { startRun } from '../engine/start-run.ts';
import { keptMicros } from '../http/idempotency.ts';
import type { Principal } from '../keys/principal.ts';
import { createPlan } from '../planner/create-plan.ts';
import type { PlanRequest } from '../planner/plan-request.ts';
import type { WalIndexer } from '../wal-index/wal-indexer.ts';

export interface PlanAndStart {
  readonly request: PlanRequest;
  readonly principal: Principal;
  readonly actor: Actor;
  readonly planHours: number;
  /** Names the request when it came with an Idempotency-Key. */
  readonly repeatHash: string | null;
}

/**
 * Makes a plan and starts it. What keeps the plan from starting is answered with the plan, and nothing is started. A request that
 * comes again with its Idempotency-Key answers with the run that it began, also when the api died before it could say so.
 */
export async function planAndStart(
  deps: EngineDeps & { readonly index: WalIndexer },
  { request, principal, actor, planHours, repeatHash: requestHash }: PlanAndStart,
): Promise<{ readonly run: RunView; readonly created: boolean }> {
  const begun = requestHash === null ? undefined : runOfRequest(deps, requestHash);
  if (begun !== undefined) return { run: loadRunView(deps.database.orm, begun), created: false };
  const planId = await createPlan(deps, { request, principal, actor, planHours, requestHash });
  try {
    return startRun(deps, { planId, actor });
  } catch (error) {
    throw withPlan(error, planId);
  }
}

function runOfRequest({ database, clock }: EngineDeps, requestHash: string): string | undefined {
  return database.orm
    .select({ id: runs.id })
    .from(runs)
    .innerJoin(plans, eq(plans.id, runs.plan))
    .where(and(eq(plans.requestHash, requestHash), gt(plans.createdAt, clock.now() - keptMicros)))
    .get()?.id;
}

/** The same refusal with the plan that it is about, which stays and can be read, approved or started later. */
function withPlan(error: unknown, planId: string): unknown {
  const type = error instanceof ProblemError ? problemTypeOf(error.problem) : undefined;
  if (!(error instanceof ProblemError) || type === undefined) return error;
  const { detail, next, facts } = error.problem;
  const plan = { id: planId, link: `/v1/plans/${planId}` };
  const read = `Read the plan: GET /v1/plans/${planId}`;
  return new ProblemError(type, `Nothing was started: ${detail}`, {
    next: next === undefined ? read : `${next} ${read}`,
    facts: { ...facts, plan },
  });
}
