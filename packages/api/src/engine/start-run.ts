import { formatInstant, parseInstant } from '@barback/shared/postgres/instant.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { eq } from 'drizzle-orm';
import { appendEvent, type Actor } from '../audit/append-event.ts';
import type { Reader, Tx } from '../db/database.ts';
import { approvals, runs } from '../db/schema.ts';
import { write } from '../db/write.ts';
import { planFormat, type PlanDocument } from '../planner/plan-document.ts';
import { obstacles } from '../planner/plan-state.ts';
import type { EngineDeps } from './engine-deps.ts';
import { loadPlan } from './load-run.ts';
import { loadRunView } from './load-run-view.ts';
import { makeWay } from './make-way.ts';
import type { RunView } from './run-view.ts';

export interface StartRun {
  readonly planId: string;
  readonly actor: Actor;
  /** The plan's hash as the caller read it, with or without quotes. */
  readonly ifMatch?: string;
}

/** Starts the plan's only run; asked again, answers with the same run. Throws ProblemError. */
export function startRun(deps: EngineDeps, request: StartRun): { run: RunView; created: boolean } {
  const { id, created, stopped } = write(deps.database, (tx) => startOnce(tx, deps, request));
  if (stopped !== null) deps.wake(stopped);
  if (created) deps.wake(id);
  return { run: loadRunView(deps.database.orm, id), created };
}

interface Started {
  readonly id: string;
  readonly created: boolean;
  /** The run that makes way for it; null: none had to. */
  readonly stopped: string | null;
}

function startOnce(tx: Tx, deps: EngineDeps, { planId, actor, ifMatch }: StartRun): Started {
  const { document: plan, hash } = loadPlan(tx, planId);
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch.replaceAll('"', '') !== hash) {
    throw new ProblemError('plan-changed', `plan ${planId} has the hash ${hash}`, {
      next: `Read it: GET /v1/plans/${planId}`,
    });
  }
  const existing = tx.select({ id: runs.id }).from(runs).where(eq(runs.plan, planId)).get();
  if (existing) return { id: existing.id, created: false, stopped: null };
  const at = deps.clock.now();
  refuseExpired(plan, at);
  refuseOutdated(plan);
  refuseBlocked(plan);
  refuseUnapproved(tx, plan);
  const id = newId(Math.floor(at / 1000));
  const { server, scenario } = plan;
  const stopped = makeWay(tx, deps, { id, server, scenario, actor });
  const startedBy = actor.id;
  tx.insert(runs).values({ id, plan: planId, server, scenario, state: 'queued', startedBy, createdAt: at }).run();
  appendEvent(tx, { type: 'run.created', at, actor, server, plan: planId, run: id, data: { hash, scenario } });
  return { id, created: true, stopped };
}

function refuseExpired(plan: PlanDocument, now: number): void {
  const expires = parseInstant(plan.expiresAt);
  if (expires.ok && expires.micros > now) return;
  throw new ProblemError(
    'plan-expired',
    `plan ${plan.id} was good until ${plan.expiresAt}; it is ${formatInstant(now)}`,
    {
      next: 'Make a new plan: POST /v1/plans',
    },
  );
}

/** Its steps were frozen by an earlier version: what they would do now, nobody has tested. */
function refuseOutdated({ id, format }: PlanDocument): void {
  if (format === planFormat) return;
  throw new ProblemError('plan-outdated', `plan ${id} has format ${format}; this version starts format ${planFormat}`, {
    next: 'Make a new plan with the same request: POST /v1/plans',
    facts: { format, starts: planFormat },
  });
}

function refuseBlocked(plan: PlanDocument): void {
  const blocking = obstacles(plan);
  if (blocking.length === 0) return;
  const codes = blocking.map((finding) => finding.code);
  const next = blocking.some((finding) => finding.severity === 'blocking')
    ? `Remedy: ${blocking.map((finding) => finding.remedy).join(' ')} Then make a new plan.`
    : `Make a new plan whose options.acknowledge names ${codes.join(', ')}`;
  throw new ProblemError('plan-blocked', `plan ${plan.id} cannot start because of ${codes.join(', ')}`, {
    next,
    facts: { findings: codes },
  });
}

function refuseUnapproved(reader: Reader, plan: PlanDocument): void {
  const count = reader.select({ key: approvals.key }).from(approvals).where(eq(approvals.plan, plan.id)).all().length;
  if (count >= plan.approvalsRequired) return;
  throw new ProblemError('approval-required', `plan ${plan.id} has ${count} of ${plan.approvalsRequired} approvals`, {
    next: `A key with the role approver: POST /v1/plans/${plan.id}/approvals`,
    facts: { given: count, required: plan.approvalsRequired },
  });
}
