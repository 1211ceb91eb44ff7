import { z } from 'zod';
import { admitSql } from '../postgres/database-sql.ts';
import { askJson } from './copy-sql.ts';
import type { Host } from './handler.ts';
import { keptDatabases } from './kept-database.ts';
import { liveBeside, runSql } from './live-database.ts';

const closedSql = `SELECT coalesce(json_agg(datname ORDER BY datname), '[]') FROM pg_database WHERE NOT datallowconn;`;

/** Names that applications use and that an import, or the undo of one, has closed and not opened again. */
export async function closedByImports(host: Host, signal: AbortSignal): Promise<string[]> {
  const names = [...new Set((await keptDatabases(host)).map(({ replaced }) => replaced))];
  if (names.length === 0) return [];
  const closed = await askJson(liveBeside(host, names), closedSql, z.array(z.string()), signal);
  return names.filter((name) => closed.includes(name));
}

/** Whichever database has the name then; answers the names. */
export async function openClosedByImports(host: Host, signal: AbortSignal): Promise<string[]> {
  const names = await closedByImports(host, signal);
  const server = liveBeside(host, names);
  for (const name of names) await runSql(server, admitSql(name, true), { signal });
  return names;
}
