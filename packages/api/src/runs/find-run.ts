import { ProblemError } from '@barback/shared/wire/problem.ts';
import { and, desc, eq, inArray, lt, type SQL } from 'drizzle-orm';
import type { Reader } from '../db/database.ts';
import { runs } from '../db/schema.ts';
import { loadRunView } from '../engine/load-run-view.ts';
import type { RunView } from '../engine/run-view.ts';
import { sees, type Principal } from '../keys/principal.ts';

/** The run, if the key may know of its server; one refusal whether it does not exist or is not the key's. */
export function findRun(reader: Reader, id: string, principal: Principal): RunView {
  const row = reader.select({ server: runs.server }).from(runs).where(eq(runs.id, id)).get();
  if (row === undefined || !sees(principal, row.server)) {
    throw new ProblemError('not-found', `There is no run ${id}`, { next: 'List them: GET /v1/runs' });
  }
  return loadRunView(reader, id);
}

export interface RunQuery {
  readonly server?: string | undefined;
  readonly state?: RunView['state'] | undefined;
  /** Runs made before this one, newest first. */
  readonly before?: string | undefined;
  readonly limit: number;
}

export function findRuns(reader: Reader, query: RunQuery, principal: Principal): readonly RunView[] {
  const filters: SQL[] = [];
  if (query.server !== undefined) filters.push(eq(runs.server, query.server));
  if (query.state !== undefined) filters.push(eq(runs.state, query.state));
  if (query.before !== undefined) filters.push(lt(runs.id, query.before));
  if (principal.servers !== null) filters.push(inArray(runs.server, [...principal.servers]));
  return reader
    .select({ id: runs.id })
    .from(runs)
    .where(and(...filters))
    .orderBy(desc(runs.id))
    .limit(query.limit)
    .all()
    .map((row) => loadRunView(reader, row.id));
}

/** The run that has not ended on a server, and the newest that has. */
export function lastRuns(
  reader: Reader,
  server: string,
): { readonly active: RunView | null; readonly last: RunView | null } {
  const of = (states: readonly RunView['state'][]): RunView | null => {
    const row = reader
      .select({ id: runs.id })
      .from(runs)
      .where(and(eq(runs.server, server), inArray(runs.state, [...states])))
      .orderBy(desc(runs.id))
      .limit(1)
      .get();
    return row === undefined ? null : loadRunView(reader, row.id);
  };
  return {
    active: of(['queued', 'running', 'waiting', 'needs_operator']),
    last: of(['succeeded', 'failed', 'cancelled']),
  };
}
