import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Lab, LabBarman } from './lab.ts';
import { poll } from './poll.ts';
import { sql } from './psql.ts';
import { mustRun, runCommand } from './run-command.ts';

const Listing = z.object({ main: z.array(z.object({ backup_id: z.string(), status: z.string() })).optional() });
const Report = z.object({ main: z.record(z.string(), z.object({ status: z.string(), hint: z.string() })) });

/** Makes a base backup and returns its id once it is DONE. */
export async function takeBackup(lab: Pick<Lab, 'postgres' | 'barman'>): Promise<string> {
  const before = new Set((await listBackups(lab.barman)).map((backup) => backup.id));
  // Without --wait, which never returns on an idle database: the last segment stays in streaming/ until new WAL
  // arrives (seen with Barman 3.13.3).
  await mustRun([...lab.barman.argv, 'backup', '--immediate-checkpoint', 'main'], { limitMs: 3_600_000 });
  const made = (await listBackups(lab.barman)).find((backup) => !before.has(backup.id));
  if (made === undefined) throw new Error('cannot find the backup that barman has just made');
  await waitUntilDone(lab, made.id);
  return made.id;
}

/** Archives WAL until a backup has all that it needs. */
export async function waitUntilDone(lab: Pick<Lab, 'postgres' | 'barman'>, id: string): Promise<void> {
  await poll(`backup ${id} DONE`, 60_000, async () => {
    await archiveWal(lab);
    const status = (await listBackups(lab.barman)).find((backup) => backup.id === id)?.status;
    if (status === 'FAILED') throw new Error(`cannot use backup ${id}: FAILED`);
    return status === 'DONE' ? true : undefined;
  });
}

/** Backups of the lab's server, newest first. */
export async function listBackups(barman: LabBarman): Promise<{ id: string; status: string }[]> {
  const listing = Listing.parse(JSON.parse(await mustRun([...barman.argv, '-f', 'json', 'list-backup', 'main'])));
  return (listing.main ?? []).map((backup) => ({ id: backup.backup_id, status: backup.status }));
}

/** Closes the current WAL segment and returns once Barman has archived it; the markers keep an idle server from skipping either. */
export async function archiveWal(lab: Pick<Lab, 'postgres' | 'barman'>): Promise<void> {
  const marker = "SELECT pg_logical_emit_message(true, 'barback-lab', 'marker');\n";
  const answers = await sql(lab.postgres, `${marker}SELECT pg_walfile_name(pg_switch_wal());\n${marker}`);
  const segment = answers.split('\n')[1] ?? '';
  const home = path.join(lab.barman.home, 'main');
  const archived = path.join(home, 'wals', segment.slice(0, 16), segment);
  // Each start of Barman costs as much as a whole drill step: not before there is something to archive.
  const hasArrived = (): boolean =>
    ['streaming', 'incoming'].some((place) => existsSync(path.join(home, place, segment)));
  // Not write_lsn of pg_stat_replication: pg_receivewal reports it only every ten seconds.
  await poll(
    `WAL segment ${segment} in Barman's archive`,
    30_000,
    async () => {
      if (hasArrived()) await runCommand([...lab.barman.argv, '-q', 'archive-wal', 'main']);
      return existsSync(archived) ? true : undefined;
    },
    50,
  );
}

/** Waits until `barman check` has no failure. */
export async function waitForCleanCheck(barman: LabBarman): Promise<void> {
  let failures = '';
  await poll(
    () => `barman check without failures; now: ${failures}`,
    30_000,
    async () => {
      const { stdout } = await runCommand([...barman.argv, '-f', 'json', 'check', 'main']);
      const checks = Object.entries(Report.parse(JSON.parse(stdout)).main);
      const failed = checks.filter(([, check]) => check.status !== 'OK');
      failures = failed.map(([name, check]) => `${name} (${check.hint})`).join(', ');
      return failed.length === 0 ? true : undefined;
    },
  );
}
