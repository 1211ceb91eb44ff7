import { fileURLToPath } from 'node:url';
import path from 'node:path';
import type { Probe, ProbeResult } from '@barback/shared/operations/scratch-probe.ts';
import type { Program } from '../system/program.ts';
import { lookUpUser } from '../system/users.ts';
import { lockTimeoutFor } from './copy-sql.ts';
import { execute } from './execute.ts';
import type { Host } from './handler.ts';
import { queryAnswerSchema, type QueryRequest } from './query-request.ts';
import { scratchPort, scratchUser, type ScratchPlace } from './scratch-place.ts';

const rowsMax = 100;
const graceMs = 20_000;

/** Runs given SQL in a child of our own program, never through psql; the child ends by a limit from outside whatever the SQL does. */
export async function runProbe(
  { host, place }: { readonly host: Host; readonly place: ScratchPlace },
  probe: Probe,
  statementTimeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const user = scratchUser(host);
  const request: QueryRequest = {
    drop: user === null ? null : await dropTo(user),
    socketDirectory: place.socket,
    port: scratchPort,
    role: host.server.probeRole,
    database: probe.database,
    sql: probe.sql,
    statementTimeoutMs,
    lockTimeoutMs: lockTimeoutFor(statementTimeoutMs),
    rowsMax,
  };
  const program: Program = {
    argv: queryArgv(),
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

async function dropTo(user: string): Promise<QueryRequest['drop']> {
  const { name, uid, gid } = await lookUpUser(user);
  return { name, uid, gid };
}

/** In the sources main.ts lies beside this folder; in a bundle this file is the bundle itself. */
function queryArgv(): string[] {
  const here = fileURLToPath(import.meta.url);
  const program = here.endsWith('.ts') ? path.join(path.dirname(here), '..', 'main.ts') : here;
  return [process.execPath, program, 'query'];
}
