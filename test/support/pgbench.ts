import path from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { mustRun } from '../lab/run-command.ts';

/** Runs pgbench in the lab's database. */
export async function pgbench({ postgres }: Lab, options: readonly string[]): Promise<void> {
  const connection = ['-h', postgres.host, '-p', String(postgres.port), '-U', postgres.superuser];
  const argv = [path.join(postgres.binDir, 'pgbench'), ...connection, ...options, postgres.database];
  // The figures of a disk are not what is looked for.
  await mustRun(argv, { env: { PGOPTIONS: '-c synchronous_commit=off' }, limitMs: 1_200_000 });
}
