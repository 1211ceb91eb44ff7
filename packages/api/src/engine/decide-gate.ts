import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Actor } from '../audit/append-event.ts';
import type { Tx } from '../db/database.ts';
import { write } from '../db/write.ts';
import { actionOf } from './action-of.ts';
import type { EngineDeps } from './engine-deps.ts';
import { loadRunView } from './load-run-view.ts';
import { loadRun, type Run, type StoredAttempt } from './load-run.ts';
import { closeGate } from './perform/person.ts';
import type { RunView } from './run-view.ts';

export interface GateDecision {
  readonly runId: string;
  readonly gate: string;
  /** One of the gate's choices, or `cancel`. */
  readonly decision: string;
  readonly note: string | null;
  readonly actor: Actor;
}

/** A person's answer to a gate that waits. Throws ProblemError. */
export function decideGate(deps: EngineDeps, request: GateDecision): RunView {
  write(deps.database, (tx) => decideOnce(tx, deps, request));
  deps.wake(request.runId);
  return loadRunView(deps.database.orm, request.runId);
}

function decideOnce(tx: Tx, deps: EngineDeps, { runId, gate, decision, note, actor }: GateDecision): void {
  const run = loadRun(tx, runId);
  const step = run.plan.steps.find((one) => one.name === gate && one.action.on === 'person');
  if (step?.action.on !== 'person') throw new ProblemError('not-found', `run ${runId} has no gate ${gate}`);
  const choices = [...new Set([...step.action.choices, 'cancel'])];
  if (!choices.includes(decision)) {
    throw new ProblemError('validation-failed', `${JSON.stringify(decision)} is no choice of the gate ${gate}`, {
      next: `Choose one of: ${choices.join(', ')}`,
    });
  }
  const attempt = waitingAttempt(run, gate);
  if (attempt && closeGate(tx, deps, run, { attempt, name: gate, decision, note, actor })) return;
  throw new ProblemError('gate-closed', `the gate ${gate} of run ${runId} does not wait for a decision`, {
    next: `See what was decided: GET /v1/runs/${runId}`,
  });
}

function waitingAttempt(run: Run, gate: string): StoredAttempt | undefined {
  return run.attempts.find(
    (attempt) => attempt.outcome === null && actionOf(run.plan, attempt.step, attempt.direction).name === gate,
  );
}
