import path from 'node:path';
import { startCluster, stopCluster } from '../lab/cluster-control.ts';
import type { Lab } from '../lab/lab.ts';
import { asUser, mustRun } from '../lab/run-command.ts';

export const walOf = (lab: Lab): string => path.join(lab.postgres.dataDir, 'pg_wal');

/** Puts pg_wal elsewhere, as a host with a disk for it has it. */
export async function linkWal(lab: Lab): Promise<void> {
  const far = path.join(lab.dir, 'pg', 'wal-elsewhere');
  await stopCluster(lab.postgres);
  await mustRun(asOwner(lab, ['mv', '-T', walOf(lab), far]));
  await mustRun(asOwner(lab, ['ln', '-s', far, walOf(lab)]));
  await startCluster(lab.postgres);
}

function asOwner(lab: Lab, argv: readonly string[]): string[] {
  return asUser(process.geteuid?.() === 0 ? lab.postgres.osUser : undefined, argv);
}
