import { rename } from 'node:fs/promises';
import path from 'node:path';
import { archiveWal, listBackups } from '../lab/barman-backup.ts';
import { startCluster, stopCluster } from '../lab/cluster-control.ts';
import type { Lab } from '../lab/lab.ts';
import { mustRun } from '../lab/run-command.ts';

/**
 * The runbook with what is wrong in it put right: stop, set the data directory aside, let Barman recover into its place to a time,
 * give it to PostgreSQL, start. Its WAL is archived before, so that nothing of that is outage. Barman is not served afterwards.
 */
export async function restoreByRunbook(lab: Lab, time: string): Promise<void> {
  const { postgres, barman } = lab;
  await archiveWal(lab);
  const backup = (await listBackups(barman)).at(0)?.id ?? '';
  const { dataDir, osUser } = postgres;
  const asRoot = process.geteuid?.() === 0;
  await stopCluster(postgres);
  await rename(dataDir, `${dataDir}.aside`);
  await mustRun(['install', '-d', '-m', '0700', ...(asRoot ? ['-o', barman.osUser] : []), dataDir]);
  const target = ['--target-time', time, '--target-action', 'promote'];
  await mustRun([...barman.argv, 'recover', '--jobs', '2', ...target, lab.server, backup, dataDir], {
    limitMs: 3_600_000,
    env: { TZ: 'UTC' },
  });
  if (asRoot) await mustRun(['chown', '-R', `${osUser}:`, dataDir], { limitMs: 600_000 });
  // Barman writes over what it calls dangerous; where the configuration lies elsewhere there is nothing of it to repair.
  await mustRun(['rm', '-f', path.join(dataDir, 'postmaster.pid')]);
  await startCluster(postgres);
}
