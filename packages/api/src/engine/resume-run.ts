import { ProblemError } from '@barback/shared/wire/problem.ts';
import { eq } from 'drizzle-orm';
import { appendEvent, type Actor } from '../audit/append-event.ts';
import type { Tx } from '../db/database.ts';
import { runs } from '../db/schema.ts';
import { write } from '../db/write.ts';
import type { EngineDeps } from './engine-deps.ts';
import { loadRunView } from './load-run-view.ts';
import { loadRun, type RunRow } from './load-run.ts';
import { isActive } from './record-run.ts';
import type { RunView } from './run-view.ts';

export interface ResumeRun {
  readonly runId: string;
  readonly note: string | null;
  readonly actor: Actor;
}

/** Lets a run that needs an operator go on, with new tries for what failed. Throws ProblemError. */
export function resumeRun(deps: EngineDeps, request: ResumeRun): RunView {
  write(deps.database, (tx) => beginEra(tx, deps, request));
  deps.wake(request.runId);
  return loadRunView(deps.database.orm, request.runId);
}

function beginEra(tx: Tx, deps: EngineDeps, { runId, note, actor }: ResumeRun): void {
  const { row } = loadRun(tx, runId);
  if (row.state !== 'needs_operator') {
    throw new ProblemError(isActive(row.state) ? 'server-busy' : 'run-terminal', `run ${runId} is ${row.state}`, {
      next: 'Only a run that needs an operator can be resumed.',
    });
  }
  const at = deps.clock.now();
  const goesOn = newEra(row);
  tx.update(runs).set(goesOn).where(eq(runs.id, runId)).run();
  const { server, plan } = row;
  const { era } = goesOn;
  appendEvent(tx, { type: 'run.resumed', at, actor, server, plan, run: runId, data: { era, note } });
}

/** A person has spoken: tries are counted anew. */
export function newEra({ era }: Pick<RunRow, 'era'>) {
  return { state: 'running', era: era + 1, problem: null } as const;
}
