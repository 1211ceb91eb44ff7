import type { Probe, ProbeResult } from '@barback/shared/operations/scratch-probe.ts';
import type { Program } from '../system/program.ts';
import { rightsOf } from '../system/users.ts';
import { childArgv } from './child-argv.ts';
import { lockTimeoutFor } from './copy-sql.ts';
import { execute } from './execute.ts';
import type { Host } from './handler.ts';
import { queryAnswerSchema, type QueryRequest } from './query-request.ts';

const rowsMax = 100;
const graceMs = 20_000;

/** A server's socket, and the user that may connect there as the probe role. */
export interface ProbePlace {
  readonly socketDirectory: string;
  readonly port: number;
  readonly user: string | null;
}

/** Runs given SQL in a child of our own program, never through psql; the child ends by a limit from outside whatever the SQL does. */
export async function runProbe(
  host: Host,
  where: ProbePlace,
  { probe, statementTimeoutMs }: { readonly probe: Probe; readonly statementTimeoutMs: number },
  signal: AbortSignal,
): Promise<ProbeResult> {
  const request: QueryRequest = {
    drop: await rightsOf(where.user),
    socketDirectory: where.socketDirectory,
    port: where.port,
    role: host.server.probeRole,
    database: probe.database,
    sql: probe.sql,
    statementTimeoutMs,
    lockTimeoutMs: lockTimeoutFor(statementTimeoutMs),
    rowsMax,
  };
  const program: Program = {
    argv: childArgv('query'),
    user: null,
    stdin: JSON.stringify(request),
    // The SQL can lengthen its own statement_timeout: this one it cannot.
    timeoutMs: 2 * statementTimeoutMs + graceMs,
    background: true,
    outputBytesMax: 16 * 1024 * 1024,
  };
  const failed = (error: string): ProbeResult => ({ name: probe.name, ok: false, rows: null, error });
  const outcome = await execute(program, signal).catch((error: unknown) => {
    if (signal.aborted) throw error;
    return error instanceof Error ? error.message : String(error);
  });
  if (typeof outcome === 'string') return failed(`time limit: ${outcome}`);
  const answer = outcome.exitCode === 0 ? queryAnswerSchema.safeParse(JSON.parse(outcome.stdout)) : undefined;
  if (!answer?.success) return failed(`the query program failed: ${outcome.stderr.trim().slice(-500)}`);
  if (!answer.data.ok) return failed(answer.data.error);
  return { name: probe.name, ok: true, rows: answer.data.rows, error: null };
}
