import type { Json } from '@barback/shared/wire/json.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { eq } from 'drizzle-orm';
import { appendEvent, type Actor } from '../audit/append-event.ts';
import type { Tx } from '../db/database.ts';
import { runs } from '../db/schema.ts';
import { write } from '../db/write.ts';
import type { EngineDeps } from './engine-deps.ts';
import { loadRunView } from './load-run-view.ts';
import { loadRun } from './load-run.ts';
import { isActive } from './record-run.ts';
import { newEra } from './resume-run.ts';
import type { RunView } from './run-view.ts';

/**
 * Asks a run to stop and put back what it began; asking twice is the same as once. One that waits for an operator has got its word
 * by this, and goes on to its end with new tries. Throws ProblemError.
 */
export function cancelRun(deps: EngineDeps, { runId, actor }: { runId: string; actor: Actor }): RunView {
  write(deps.database, (tx) => requestCancel(tx, deps, { runId, actor, data: {} }));
  deps.wake(runId);
  return loadRunView(deps.database.orm, runId);
}

export interface CancelRequest {
  readonly runId: string;
  readonly actor: Actor;
  /** Recorded with it. */
  readonly data: Json;
}

/** The same in a transaction that also changes something else. */
export function requestCancel(tx: Tx, deps: EngineDeps, { runId, actor, data }: CancelRequest): void {
  const { row } = loadRun(tx, runId);
  if (!isActive(row.state)) {
    throw new ProblemError('run-terminal', `run ${runId} has ended: ${row.state}`, {
      next: `Read it: GET /v1/runs/${runId}`,
    });
  }
  const waits = row.state === 'needs_operator';
  if (row.cancelRequestedAt !== null && !waits) return;
  const at = deps.clock.now();
  const goesOn = waits ? newEra(row) : {};
  tx.update(runs)
    .set({ ...goesOn, cancelRequestedAt: row.cancelRequestedAt ?? at })
    .where(eq(runs.id, runId))
    .run();
  const { server, plan } = row;
  appendEvent(tx, { type: 'run.cancel-requested', at, actor, server, plan, run: runId, data });
}
