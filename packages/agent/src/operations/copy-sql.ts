import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { z } from 'zod';
import { psqlArgv, sessionOptions, type PsqlTarget } from '../postgres/argv.ts';
import type { Program } from '../system/program.ts';
import { execute, failure } from './execute.ts';
import type { Host } from './handler.ts';
import { scratchPort, scratchUser, type ScratchPlace } from './scratch-place.ts';

/** A server to ask: where it listens and who asks. */
export interface SqlServer {
  readonly target: Omit<PsqlTarget, 'database'>;
  readonly user: string | null;
  readonly database: string;
  readonly background: boolean;
  /** Answers hold what passwords are checked by: not even the beginning of one is told. */
  readonly secret?: boolean;
}

/** The plan's copy, asked as its superuser by the scratch user over the private socket. */
export function copyServer(host: Host, place: ScratchPlace): SqlServer {
  const { binDirectory, superuser, database } = host.server.postgres;
  return {
    target: { binDirectory, socketDirectory: place.socket, port: scratchPort, role: superuser },
    user: scratchUser(host),
    database,
    background: true,
  };
}

/** The live server, asked as its own superuser by its own user. */
export function liveServer(host: Host): SqlServer {
  const { binDirectory, socketDirectory, port, superuser, database, user } = host.server.postgres;
  return {
    target: { binDirectory, socketDirectory, port, role: superuser },
    user: user ?? null,
    database,
    background: false,
  };
}

export interface SqlLimits {
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** For the whole program. */
  readonly timeoutMs: number;
}

/** Shorter than the statement's own limit, so that a lock is told apart from a slow query. */
export function lockTimeoutFor(statementTimeoutMs: number): number {
  return Math.max(1, Math.min(2_000, Math.floor(statementTimeoutMs / 2)));
}

export const shortLimits: SqlLimits = { statementTimeoutMs: 15_000, lockTimeoutMs: 2_000, timeoutMs: 30_000 };

/** psql for SQL that Barback itself wrote; given SQL never comes here, because psql obeys backslashes (T5). */
export function sqlProgram(server: SqlServer, sql: string, limits: SqlLimits): Program {
  return {
    argv: psqlArgv({ ...server.target, database: server.database }),
    user: server.user,
    environment: {
      PGOPTIONS: sessionOptions(limits.statementTimeoutMs, limits.lockTimeoutMs),
      PGCONNECT_TIMEOUT: '15',
    },
    stdin: sql,
    timeoutMs: limits.timeoutMs,
    background: server.background,
    outputBytesMax: 64 * 1024 * 1024,
  };
}

/** Runs one statement of ours that returns one JSON value, and reads it by its schema. */
export async function askJson<T extends z.ZodType>(
  server: SqlServer,
  sql: string,
  schema: T,
  signal: AbortSignal,
): Promise<z.infer<T>> {
  const program = sqlProgram(server, sql, shortLimits);
  const outcome = await execute(program, signal);
  if (outcome.exitCode !== 0) throw failure(program, outcome, 'postgres-failed');
  const parsed = schema.safeParse(JSON.parse(outcome.stdout));
  if (parsed.success) return parsed.data;
  throw new ProblemError('postgres-failed', `cannot read an answer of PostgreSQL: ${parsed.error.issues[0]?.message}`, {
    facts: server.secret === true ? {} : { output: outcome.stdout.slice(0, 200) },
  });
}
