import type { Backup } from '@barback/shared/operations/backup.ts';
import type { DiagnosedBackup, Diagnosis } from './diagnose.ts';
import type { ListedBackup } from './list-backup.ts';

/** Statuses that `barman recover` accepts (3.4.0, cli.py); a backup that waits lacks WAL until it arrives. */
const restorable = new Set(['DONE', 'WAITING_FOR_WALS']);

/** The catalogue entry of a listed backup; `manifest` says whether its backup_manifest is on disk. */
export function toBackup(listed: ListedBackup, diagnosis: Diagnosis, manifest: Backup['manifest']): Backup {
  const known = diagnosis.backups[listed.id];
  return {
    id: listed.id,
    status: listed.status,
    beginTime: known?.begin_time ?? null,
    endTime: known?.end_time ?? null,
    timeline: known?.timeline ?? null,
    beginLsn: known?.begin_xlog ?? null,
    endLsn: known?.end_xlog ?? null,
    beginWal: known?.begin_wal ?? null,
    endWal: known?.end_wal ?? null,
    sizeBytes: known?.cluster_size ?? known?.size ?? null,
    postgresVersionNum: known?.version ?? null,
    tablespaces: (known?.tablespaces ?? []).map(([name, oid, location]) => ({ name, oid, location })),
    retention: listed.retention,
    manifest,
    systemIdentifier: known?.systemid ?? null,
    unsupportedReasons: unsupportedReasons(listed, known, diagnosis),
  };
}

/** Why Barback refuses a backup (T11); a kind that is not known is refused too. */
export function unsupportedReasons(
  listed: ListedBackup,
  known: DiagnosedBackup | undefined,
  diagnosis: Diagnosis,
): string[] {
  const reasons = serverReasons(diagnosis);
  if (!restorable.has(listed.status)) return [...reasons, `its status is ${listed.status}`];
  if (!known) return [...reasons, 'barman diagnose does not describe it'];
  if (known.mode === null || !/^(postgres|rsync(-concurrent)?|rsync-exclusive|local-rsync.*)$/.test(known.mode)) {
    reasons.push(`its mode is ${known.mode ?? 'unknown'}: only postgres and rsync backups are supported`);
  }
  if (known.compression) reasons.push(`it is compressed (${known.compression})`);
  if (known.encryption) reasons.push(`it is encrypted (${known.encryption})`);
  if (known.snapshots_info) reasons.push('it consists of disk snapshots');
  if (known.parent_backup_id) reasons.push(`it is incremental (parent ${known.parent_backup_id})`);
  if (listed.type && !['full', 'rsync'].includes(listed.type)) reasons.push(`its type is ${listed.type}`);
  return reasons;
}

/** Why Barback refuses a whole server of Barman. */
export function serverReasons(diagnosis: Diagnosis): string[] {
  const passive = diagnosis.config.primary_ssh_command;
  return passive ? ['Barman is a passive node of this server: restore on the node that makes the backups'] : [];
}
