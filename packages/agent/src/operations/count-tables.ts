import { z } from 'zod';
import type { TableCount } from '@barback/shared/operations/scratch-probe.ts';
import { countScript, databasesSql, parseCounts, tablesSql } from '../postgres/table-counts.ts';
import { askJson, lockTimeoutFor, sqlProgram, type SqlServer } from './copy-sql.ts';
import { execute } from './execute.ts';

const databasesSchema = z.array(z.strictObject({ name: z.string(), sizeBytes: z.int() }));
const tablesSchema = z.array(
  z.strictObject({
    schema: z.string(),
    table: z.string(),
    quoted: z.string(),
    kind: z.string(),
    unlogged: z.boolean(),
    populated: z.boolean(),
  }),
);

export interface CountOptions {
  readonly statementTimeoutMs: number;
  readonly inRecovery: boolean;
  /** What is said of a table whose lock was not granted. */
  readonly locked: string;
}

export interface CountedDatabases {
  readonly databases: { name: string; tables: number; sizeBytes: number }[];
  readonly tables: TableCount[];
}

const batchTables = 200;

/** Connects to every database and counts the rows of every table, one statement each, under both limits. */
export async function countTables(
  server: SqlServer,
  options: CountOptions,
  signal: AbortSignal,
  onDatabase: (done: number, total: number) => void,
): Promise<CountedDatabases> {
  const found = await askJson(server, databasesSql, databasesSchema, signal);
  const databases: CountedDatabases['databases'] = [];
  const tables: TableCount[] = [];
  for (const [index, database] of found.entries()) {
    onDatabase(index, found.length);
    const inside = { ...server, database: database.name };
    const listed = await askJson(inside, tablesSql, tablesSchema, signal);
    databases.push({ name: database.name, tables: listed.length, sizeBytes: database.sizeBytes });
    for (let start = 0; start < listed.length; start += batchTables) {
      const batch = listed.slice(start, start + batchTables);
      const limits = {
        statementTimeoutMs: options.statementTimeoutMs,
        lockTimeoutMs: lockTimeoutFor(options.statementTimeoutMs),
        timeoutMs: 60_000 + batch.length * (options.statementTimeoutMs + 1_000),
      };
      const outcome = await execute(sqlProgram(inside, countScript(batch), limits), signal);
      tables.push(...parseCounts(outcome.stdout, batch, database.name, options));
    }
  }
  return { databases, tables };
}
