import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { z } from 'zod';
import { databasesSchema, databasesSql } from '../postgres/database-sql.ts';
import { askJson, liveServer, sqlProgram, type SqlLimits, type SqlServer } from './copy-sql.ts';
import { executeOk } from './execute.ts';
import type { Call, Host } from './handler.ts';

type Signalled = Pick<Call, 'signal'>;

const limits: SqlLimits = { statementTimeoutMs: 600_000, lockTimeoutMs: 30_000, timeoutMs: 620_000 };

/** Live, asked from a database that is none of those that are renamed, closed or dropped: PostgreSQL renames none that it is asked from. */
export function liveBeside(host: Host, databases: readonly string[]): SqlServer {
  const live = liveServer(host);
  const database = [live.database, 'postgres', 'template1'].find((name) => !databases.includes(name));
  return { ...live, database: database ?? 'template1' };
}

export async function runSql(server: SqlServer, sql: string, call: Signalled): Promise<void> {
  await executeOk(sqlProgram(server, sql, limits), call.signal, 'postgres-failed');
}

export type FoundDatabase = z.infer<typeof databasesSchema>[number];

/** By oid; undefined: dropped. */
export async function databaseOf(server: SqlServer, oid: number, call: Signalled): Promise<FoundDatabase | undefined> {
  return (await databases(server, call)).find((one) => one.oid === oid);
}

export async function databaseNamed(
  server: SqlServer,
  name: string,
  call: Signalled,
): Promise<FoundDatabase | undefined> {
  return (await databases(server, call)).find((one) => one.name === name);
}

/** All of them in one look. */
export function databases(server: SqlServer, call: Signalled): Promise<FoundDatabase[]> {
  return askJson(server, databasesSql, databasesSchema, call.signal);
}

/** Refuses when the database of that oid has another name, or none. */
export async function requireDatabase(
  server: SqlServer,
  name: string,
  oid: number,
  call: Call,
): Promise<FoundDatabase> {
  return requireAmong(await databases(server, call), name, oid);
}

/** The same among those that were seen. */
export function requireAmong(all: readonly FoundDatabase[], name: string, oid: number): FoundDatabase {
  const found = all.find((one) => one.oid === oid);
  if (found?.name === name) return found;
  const is = found === undefined ? 'is not there any more' : `is called ${found.name} now`;
  throw new ProblemError('database-changed', `the database ${name} of the plan (oid ${oid}) ${is}`, {
    next: 'nothing was changed: look who has renamed or replaced it, and plan again',
    facts: { database: name, oid, now: found?.name ?? null },
  });
}
