import { ProblemError } from '@barback/shared/wire/problem.ts';
import { and, eq } from 'drizzle-orm';
import { appendEvent, type Actor } from '../audit/append-event.ts';
import type { EngineDeps } from '../engine/engine-deps.ts';
import { approvals } from '../db/schema.ts';
import { write } from '../db/write.ts';
import type { Principal } from '../keys/principal.ts';
import { loadPlan } from './load-plan.ts';

export interface PlanApproval {
  readonly planId: string;
  /** The hash of the bytes that the approver has read. */
  readonly hash: string;
  readonly principal: Principal;
  readonly actor: Actor;
}

/** Records that a second person has read exactly this plan; approving twice is the same as once. Throws ProblemError. */
export function approvePlan(deps: EngineDeps, { planId, hash, principal, actor }: PlanApproval): void {
  const at = deps.clock.now();
  const plan = loadPlan(deps.database.orm, planId, principal);
  if (plan.hash !== hash) {
    throw new ProblemError('plan-changed', `The hash of plan ${planId} is ${plan.hash}, not the one that was named`, {
      next: `Read the plan again: GET /v1/plans/${planId}`,
    });
  }
  if (at >= plan.expiresAt) {
    throw new ProblemError('plan-expired', `Plan ${planId} expired at ${plan.document.expiresAt}`, {
      next: 'Make a new plan: POST /v1/plans',
    });
  }
  if (plan.document.createdBy === principal.id) {
    throw new ProblemError('forbidden', 'An approval comes from another key than the one that made the plan', {
      next: 'Let a second person approve it',
    });
  }
  write(deps.database, (tx) => {
    const mine = and(eq(approvals.plan, planId), eq(approvals.key, principal.id));
    if (tx.select().from(approvals).where(mine).get() !== undefined) return;
    tx.insert(approvals).values({ plan: planId, key: principal.id, at }).run();
    appendEvent(tx, {
      type: 'plan.approved',
      at,
      actor,
      server: plan.document.server,
      plan: planId,
      data: { hash },
    });
  });
}
