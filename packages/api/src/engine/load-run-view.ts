import { and, desc, eq, isNull, lt, type SQL } from 'drizzle-orm';
import type { Reader } from '../db/database.ts';
import { gates, runs } from '../db/schema.ts';
import { composeRunView, type OpenGate } from './compose-run-view.ts';
import { loadRun } from './load-run.ts';
import type { RunView } from './run-view.ts';

/** The run as the REST interface shows it. Throws ProblemError `not-found`. */
export function loadRunView(reader: Reader, runId: string): RunView {
  return composeRunView(loadRun(reader, runId), openGateOf(reader, runId));
}

export interface RunQuery {
  readonly server?: string;
  readonly state?: RunView['state'];
  /** Runs made before this run. */
  readonly before?: string;
  readonly limit: number;
}

/** Runs, newest first. */
export function listRunViews(reader: Reader, { server, state, before, limit }: RunQuery): RunView[] {
  const filters: SQL[] = [];
  if (server !== undefined) filters.push(eq(runs.server, server));
  if (state !== undefined) filters.push(eq(runs.state, state));
  if (before !== undefined) filters.push(lt(runs.id, before));
  const rows = reader
    .select({ id: runs.id })
    .from(runs)
    .where(and(...filters))
    .orderBy(desc(runs.id))
    .limit(limit)
    .all();
  return rows.map(({ id }) => loadRunView(reader, id));
}

/** The run of a plan; null while it was not started. */
export function runOfPlan(reader: Reader, planId: string): RunView | null {
  const found = reader.select({ id: runs.id }).from(runs).where(eq(runs.plan, planId)).get();
  return found === undefined ? null : loadRunView(reader, found.id);
}

function openGateOf(reader: Reader, runId: string): OpenGate | null {
  const { name, openedAt, deadline } = gates;
  const open = and(eq(gates.run, runId), isNull(gates.decidedAt));
  return reader.select({ name, openedAt, deadline }).from(gates).where(open).get() ?? null;
}
