import { problem } from '@barback/shared/wire/problem.ts';
import { and, eq, inArray, isNotNull } from 'drizzle-orm';
import type { Tx } from '../db/database.ts';
import { runs } from '../db/schema.ts';
import { loadRun } from './load-run.ts';
import { activeStates } from './record-run.ts';
import { appendRunEvent, storeOutcome, type RecordDeps } from './record.ts';

/**
 * Ends the runs that have begun on another host than the agent's that takes the server over: it knows nothing of them, and what they left lies on a
 * host that is gone. A new key of the same host ends nothing: its agent still holds the server for the run's plan. Answers their ids.
 */
export function abandonRuns(
  tx: Tx,
  deps: RecordDeps,
  { server, heldBy }: { readonly server: string; readonly heldBy: string | null },
): string[] {
  const elsewhere = tx
    .select({ id: runs.id, plan: runs.plan })
    .from(runs)
    .where(and(eq(runs.server, server), inArray(runs.state, [...activeStates]), isNotNull(runs.fence)))
    .all()
    .filter(({ plan }) => plan !== heldBy);
  for (const { id } of elsewhere) abandon(tx, deps, id);
  return elsewhere.map(({ id }) => id);
}

function abandon(tx: Tx, deps: RecordDeps, id: string): void {
  const run = loadRun(tx, id);
  const told = problem('agent-replaced', `another agent has taken ${run.row.server} over`, {
    next: 'What this run has begun is on the host that it ran on: if that one comes back, look there (barback-agent rescue status) before anything else.',
  });
  for (const attempt of run.attempts) {
    const isOpen = attempt.outcome === null || attempt.outcome.is === 'unknown';
    if (isOpen) storeOutcome(tx, deps, run, { attempt, outcome: { is: 'failed', problem: told }, evidence: null });
  }
  const finishedAt = deps.clock.now();
  tx.update(runs)
    .set({ state: 'failed', trouble: null, finishedAt, problem: JSON.stringify(told) })
    .where(eq(runs.id, id))
    .run();
  appendRunEvent(tx, deps, run, { type: 'run.finished', data: { state: 'failed', problem: told, result: null } });
}
