import path from 'node:path';
import type { LabPostgres } from './lab.ts';
import { mustRun } from './run-command.ts';

type Place = Pick<LabPostgres, 'binDir' | 'host' | 'port' | 'superuser' | 'database'>;

/** psql against the lab's server, without the caller's psqlrc, stopping at the first error. */
export function psqlArgv(postgres: Place, database = postgres.database): string[] {
  const connection = ['-h', postgres.host, '-p', String(postgres.port), '-U', postgres.superuser, '-d', database];
  return [path.join(postgres.binDir, 'psql'), ...connection, '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1'];
}

/** Runs SQL (any number of statements, psql's commands included) and returns the unaligned rows. */
export async function sql(postgres: Place, text: string, database = postgres.database): Promise<string> {
  const argv = [...psqlArgv(postgres, database), '-f', '-'];
  return (await mustRun(argv, { input: text, limitMs: 3_600_000 })).trimEnd();
}
