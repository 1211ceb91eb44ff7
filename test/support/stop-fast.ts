import path from 'node:path';
import type { LabPostgres } from '../lab/lab.ts';
import { asUser, runCommand, type CommandResult } from '../lab/run-command.ts';

/** Whom the server's files belong to; undefined: the one who runs the tests. */
export function serverUser(postgres: LabPostgres): string | undefined {
  return process.geteuid?.() === 0 ? postgres.osUser : undefined;
}

/** A fast stop that is waited for so many seconds; PostgreSQL goes on to stop after that. */
export function stopFast(postgres: LabPostgres, seconds: number): Promise<CommandResult> {
  const { binDir, dataDir } = postgres;
  const ctl = [path.join(binDir, 'pg_ctl'), '-D', dataDir, '-m', 'fast', '-w', '-t', String(seconds), 'stop'];
  return runCommand(asUser(serverUser(postgres), ctl));
}
