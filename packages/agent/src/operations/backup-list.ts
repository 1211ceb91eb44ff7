import type { Backup } from '@barback/shared/operations/backup.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { toBackup } from '../barman/catalogue.ts';
import type { Diagnosis } from '../barman/diagnose.ts';
import type { ServerConfig } from '../config.ts';
import { kindOf } from '../system/directory-tree.ts';
import type { Handler } from './handler.ts';
import { diagnose, listBackups, requireBarman } from './run-barman.ts';
import { writeSeenBackup } from './seen-catalogue.ts';

/** The whole catalogue: `list-backup` for status and retention, `diagnose` for exact instants and positions. */
export async function readCatalogue(
  server: ServerConfig,
  signal: AbortSignal,
): Promise<{ backups: Backup[]; diagnosis: Diagnosis; barmanVersion: string }> {
  const asked = requireBarman(server, signal);
  const [listed, diagnosis] = await Promise.all([
    listBackups(server, asked, signal),
    diagnose(server, asked, signal),
  ]).catch(async (error: unknown) => {
    // A version that is not supported explains what else went wrong.
    await asked;
    throw error;
  });
  const version = await asked;
  const backups = await Promise.all(
    listed.map(async (one) => toBackup(one, diagnosis, await manifestOf(diagnosis, one.id))),
  );
  return { backups, diagnosis, barmanVersion: version.text };
}

export async function findBackup(
  server: ServerConfig,
  backupId: string,
  signal: AbortSignal,
): Promise<{ backup: Backup; diagnosis: Diagnosis; barmanVersion: string }> {
  const catalogue = await readCatalogue(server, signal);
  const backup = catalogue.backups.find((one) => one.id === backupId);
  if (!backup) {
    throw new ProblemError('backup-not-found', `Barman has no backup ${backupId} of ${server.barman.server}`, {
      next: 'list the backups and choose one of them',
      facts: { backups: catalogue.backups.map((one) => one.id) },
    });
  }
  return { ...catalogue, backup };
}

/** Backups made by pg_basebackup have one (PostgreSQL 13+), those of the rsync method before Barman 3.7 have none. */
async function manifestOf(diagnosis: Diagnosis, backupId: string): Promise<Backup['manifest']> {
  const data = `${diagnosis.config.basebackups_directory}/${backupId}/data`;
  try {
    if ((await kindOf(`${data}/backup_manifest`)) === 'file') return 'present';
    return (await kindOf(data)) === 'directory' ? 'absent' : 'unknown';
  } catch {
    // Not readable for this user.
    return 'unknown';
  }
}

export const backupList: Handler<'backup-list'> = {
  async perform(host, _params, call) {
    return { backups: (await readCatalogue(host.server, call.signal)).backups };
  },
};

export const backupShow: Handler<'backup-show'> = {
  async perform(host, params, call) {
    const found = await findBackup(host.server, params.backupId, call.signal);
    await writeSeenBackup(host, found);
    return found.backup;
  },
};
