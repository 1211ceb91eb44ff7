import type { Json } from '@barback/shared/wire/json.ts';
import type { Problem } from '@barback/shared/wire/problem.ts';
import { and, eq, inArray } from 'drizzle-orm';
import type { Evidence } from '../agents/agent-client.ts';
import { runs } from '../db/schema.ts';
import { write } from '../db/write.ts';
import type { FinalState } from './decide.ts';
import type { EngineDeps } from './engine-deps.ts';
import type { Run } from './load-run.ts';
import { appendRunEvent, hashes, keep } from './record.ts';

export type LiveDatabase = 'old-running' | 'old-stopped' | 'new-running' | 'new-stopped' | 'down' | 'unknown';

/** The states in which a run holds its server. */
export const activeStates = ['queued', 'running', 'waiting', 'needs_operator'] as const;

export function isActive(state: string): boolean {
  return activeStates.some((one) => one === state);
}

export function recordStarted(deps: EngineDeps, run: Run): void {
  write(deps.database, (tx) => {
    const startedAt = deps.clock.now();
    const changed = tx
      .update(runs)
      .set({ state: 'running', startedAt })
      .where(and(eq(runs.id, run.row.id), eq(runs.state, 'queued')))
      .run().changes;
    if (changed > 0) appendRunEvent(tx, deps, run, { type: 'run.started', data: {} });
  });
}

export function recordFence(
  deps: EngineDeps,
  run: Run,
  claimed: { fence: number; expected: number; evidence: Evidence },
): void {
  const { fence, expected, evidence } = claimed;
  write(deps.database, (tx) => {
    tx.update(runs).set({ fence }).where(eq(runs.id, run.row.id)).run();
    keep(tx, 'request', evidence.request);
    keep(tx, 'receipt', evidence.receipt);
    appendRunEvent(tx, deps, run, { type: 'fence.claimed', data: { fence, expected, evidence: hashes(evidence) } });
  });
}

export interface Finish {
  readonly state: FinalState;
  readonly problem: Problem | null;
  readonly result: Json;
}

/** Ends a run, or hands it to a person; a run that has ended stays as it is. */
export function recordFinished(deps: EngineDeps, run: Run, { state, problem, result }: Finish): void {
  const halted = state === 'needs_operator';
  write(deps.database, (tx) => {
    const changed = tx
      .update(runs)
      .set({
        state,
        trouble: null,
        finishedAt: halted ? null : deps.clock.now(),
        problem: problem === null ? null : JSON.stringify(problem),
        result: result === null ? null : JSON.stringify(result),
      })
      .where(and(eq(runs.id, run.row.id), inArray(runs.state, ['queued', 'running', 'waiting'])))
      .run().changes;
    if (changed === 0) return;
    if (state === 'succeeded' && 'undoes' in run.plan) {
      tx.update(runs).set({ undoneBy: run.row.id }).where(eq(runs.id, run.plan.undoes)).run();
    }
    appendRunEvent(tx, deps, run, { type: halted ? 'run.halted' : 'run.finished', data: { state, problem, result } });
  });
}

/** What the agent last saw of the live cluster; shown with its time, never decided on. */
export function recordLiveDatabase(deps: EngineDeps, runId: string, liveDatabase: LiveDatabase): void {
  const liveDatabaseAt = deps.clock.now();
  write(deps.database, (tx) => tx.update(runs).set({ liveDatabase, liveDatabaseAt }).where(eq(runs.id, runId)).run());
}
