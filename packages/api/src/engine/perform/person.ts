import { newId } from '@barback/shared/wire/identifiers.ts';
import { and, eq, isNull } from 'drizzle-orm';
import { appendEvent, type Actor } from '../../audit/append-event.ts';
import type { Tx } from '../../db/database.ts';
import { gates, runs } from '../../db/schema.ts';
import { write } from '../../db/write.ts';
import type { PersonAction } from '../../scenarios/step.ts';
import { actionOf } from '../action-of.ts';
import type { AttemptOutcome } from '../decide.ts';
import type { EngineDeps } from '../engine-deps.ts';
import type { Run, StoredAttempt } from '../load-run.ts';
import { appendRunEvent, insertIntent, storeOutcome, storePassedOver } from '../record.ts';

/** Opens the gate together with the intent of its step. */
export function openGate(deps: EngineDeps, run: Run, attempt: StoredAttempt): void {
  const { name, action } = personAction(run, attempt);
  write(deps.database, (tx) => {
    insertIntent(tx, deps, run, attempt);
    const openedAt = deps.clock.now();
    const deadline = openedAt + action.deadlineMs * 1000;
    tx.insert(gates).values({ run: run.row.id, name, openedAt, deadline }).run();
    tx.update(runs).set({ state: 'waiting' }).where(eq(runs.id, run.row.id)).run();
    const { ask, choices, atDeadline } = action;
    const data = { ask, choices, atDeadline, deadline };
    appendRunEvent(tx, deps, run, { type: 'gate.opened', step: name, attempt: attempt.number, data });
  });
}

/** Closes a gate whose time is up or whose run was cancelled; answers until when it still waits, or null. */
export function attendGate(deps: EngineDeps, run: Run, attempt: StoredAttempt): number | null {
  const { name, action } = personAction(run, attempt);
  const gate = deps.database.orm
    .select()
    .from(gates)
    .where(and(eq(gates.run, run.row.id), eq(gates.name, name)))
    .get();
  if (!gate) throw new Error(`cannot find the gate ${name} of run ${run.row.id}`);
  const cancelled = run.row.cancelRequestedAt !== null;
  if (!cancelled && gate.deadline > deps.clock.now()) return gate.deadline;
  const decision = cancelled ? 'cancel' : action.atDeadline;
  const note = cancelled ? 'the run was cancelled' : 'nobody decided before the deadline';
  const actor = { kind: 'engine', id: deps.instanceId } as const;
  write(deps.database, (tx) => closeGate(tx, deps, run, { attempt, name, decision, note, actor }));
  return null;
}

export interface GateClosing {
  readonly attempt: StoredAttempt;
  readonly name: string;
  readonly decision: string;
  readonly note: string | null;
  readonly actor: Actor;
}

/** Stores a decision, its event and the outcome of the step; false when somebody was faster. */
export function closeGate(tx: Tx, deps: EngineDeps, run: Run, closing: GateClosing): boolean {
  const { attempt, name, decision, note, actor } = closing;
  const at = deps.clock.now();
  const decidedBy = `${actor.kind}:${actor.id}`;
  const changed = tx
    .update(gates)
    .set({ decidedAt: at, decision, note, decidedBy })
    .where(and(eq(gates.run, run.row.id), eq(gates.name, name), isNull(gates.decidedAt)))
    .run().changes;
  if (changed === 0) return false;
  const { id, server, plan } = run.row;
  const about = { at, actor, server, plan, run: id, step: name, attempt: attempt.number };
  appendEvent(tx, { type: 'gate.decided', ...about, data: { decision, note } });
  const { handsOver } = personAction(run, attempt).action;
  const isHandedOver = handsOver !== undefined && decision === 'hand-over';
  const cancel = decision === 'cancel' || isHandedOver;
  if (isHandedOver) leaveInverse(tx, deps, run, handsOver);
  const cancelRequestedAt = cancel ? (run.row.cancelRequestedAt ?? at) : run.row.cancelRequestedAt;
  tx.update(runs).set({ state: 'running', cancelRequestedAt }).where(eq(runs.id, id)).run();
  const outcome: AttemptOutcome = cancel
    ? { is: 'cancelled' }
    : { is: 'succeeded', result: { decision, note, decidedBy } };
  storeOutcome(tx, deps, run, { attempt, outcome, evidence: null });
  return true;
}

/** What the inverse would delete belongs to whoever takes it over. */
function leaveInverse(tx: Tx, deps: EngineDeps, run: Run, name: string): void {
  const step = run.plan.steps.findIndex(({ inverse }) => inverse?.name === name);
  if (step < 0) throw new Error(`cannot hand over without the inverse ${name}`);
  const attempt = { opid: newId(Math.floor(deps.clock.now() / 1000)), step, direction: 'inverse', number: 1 } as const;
  storePassedOver(tx, deps, run, { attempt, why: 'the copy is handed over to another plan' });
}

function personAction(run: Run, attempt: StoredAttempt): { name: string; action: PersonAction } {
  const { name, action } = actionOf(run.plan, attempt.step, attempt.direction);
  if (action.on !== 'person') throw new Error(`cannot ask a person for step ${name}`);
  return { name, action };
}
