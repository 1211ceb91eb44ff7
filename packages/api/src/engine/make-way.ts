import { ProblemError } from '@barback/shared/wire/problem.ts';
import { and, eq, inArray, ne } from 'drizzle-orm';
import type { Actor } from '../audit/append-event.ts';
import type { Reader, Tx } from '../db/database.ts';
import { runs } from '../db/schema.ts';
import { givesWay } from '../scenarios/gives-way.ts';
import type { ScenarioName } from '../scenarios/index.ts';
import { requestCancel } from './cancel-run.ts';
import type { EngineDeps } from './engine-deps.ts';
import { activeStates } from './record-run.ts';

/** States in which a run works on its server, or has left something on it that only it puts back. */
const holdingStates = ['running', 'waiting', 'needs_operator'] as const;

interface Newcomer {
  readonly id: string;
  readonly server: string;
  readonly scenario: ScenarioName;
  readonly actor: Actor;
}

/**
 * Lets a new run have the server: at once when nobody has it; a restore of live stops what can be made again and waits for its end.
 * Answers the run that was asked to stop, or null. Throws ProblemError `server-busy`.
 */
export function makeWay(tx: Tx, deps: EngineDeps, { id, server, scenario, actor }: Newcomer): string | null {
  const others = tx
    .select({ id: runs.id, state: runs.state, scenario: runs.scenario })
    .from(runs)
    .where(and(eq(runs.server, server), inArray(runs.state, [...activeStates])))
    .all();
  const [other] = others;
  if (!other) return null;
  // A second one that waits would not know what the first has made of live.
  if (!givesWay(other.scenario, scenario) || others.length > 1) throw busy(server, other);
  tx.update(runs).set({ preemptedBy: id }).where(eq(runs.id, other.id)).run();
  requestCancel(tx, deps, { runId: other.id, actor, data: { preemptedBy: id } });
  return other.id;
}

/** A run that waits for its turn goes on only when no other has the server. Throws ProblemError `server-busy`. */
export function requireTurn(reader: Reader, run: { readonly id: string; readonly server: string }): void {
  const holder = reader
    .select({ id: runs.id, state: runs.state })
    .from(runs)
    .where(and(eq(runs.server, run.server), ne(runs.id, run.id), inArray(runs.state, [...holdingStates])))
    .get();
  if (holder) throw busy(run.server, holder);
}

/** Runs that wait for a server. */
export function queuedOn(reader: Reader, server: string): readonly string[] {
  return reader
    .select({ id: runs.id })
    .from(runs)
    .where(and(eq(runs.server, server), eq(runs.state, 'queued')))
    .all()
    .map(({ id }) => id);
}

function busy(server: string, { id, state }: { readonly id: string; readonly state: string }): ProblemError {
  const next =
    state === 'needs_operator'
      ? `It needs a person: POST /v1/runs/${id}/resume, or /v1/runs/${id}/cancel`
      : `Wait for it or end it: GET /v1/runs/${id}`;
  return new ProblemError('server-busy', `run ${id} works on ${server} and is ${state}`, { next, facts: { run: id } });
}
