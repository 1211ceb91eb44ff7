import path from 'node:path';
import type { LabPostgres } from './lab.ts';
import { mustRun } from './run-command.ts';

/** Starts the lab's server and waits until it accepts connections. */
export async function startCluster(postgres: LabPostgres): Promise<void> {
  if (postgres.cluster === null) await mustRun([...pgCtl(postgres), '-l', postgres.logFile, '-w', '-t', '60', 'start']);
  else await mustRun(debianControl(postgres, 'start'));
}

/** Stops the lab's server with its clients' sessions ended. */
export async function stopCluster(postgres: LabPostgres): Promise<void> {
  if (postgres.cluster === null) await mustRun([...pgCtl(postgres), '-m', 'fast', '-w', '-t', '60', 'stop']);
  else await mustRun([...debianControl(postgres, 'stop'), '--', '-m', 'fast']);
}

function pgCtl({ binDir, configDir }: LabPostgres): string[] {
  return [path.join(binDir, 'pg_ctl'), '-D', configDir];
}

function debianControl({ version, cluster }: LabPostgres, verb: string): string[] {
  return ['pg_ctlcluster', '--skip-systemctl-redirect', String(version), cluster ?? '', verb];
}
