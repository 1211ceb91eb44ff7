import { isForeign } from '../../window/usable-backups.ts';
import type { Rule } from './rule.ts';

const backupUnsupported: Rule = ({ backup }) =>
  backup.unsupportedReasons.map((reason) => ({
    code: 'backup-unsupported',
    severity: 'blocking',
    title: 'The backup is of a kind that Barback cannot restore',
    detail: `Backup ${backup.id}: ${reason}`,
    remedy: 'Leave out "backup" so that the newest restorable one is taken, or make a new base backup.',
  }));

const backupNotDone: Rule = ({ backup, server }) =>
  backup.status === 'DONE'
    ? null
    : {
        code: 'backup-not-done',
        severity: 'blocking',
        title: 'The backup is not complete',
        detail: `Backup ${backup.id} is ${backup.status}.`,
        remedy: `Wait until Barman reports DONE (barman list-backup ${server}), or leave out "backup".`,
      };

const majorDiffers: Rule = ({ backup, host }) => {
  const major = backup.postgresVersionNum === null ? null : Math.floor(backup.postgresVersionNum / 10_000);
  if (major === null || major === host.binaries.major) return null;
  return {
    code: 'postgres-major-differs',
    severity: 'blocking',
    title: 'The backup is of another PostgreSQL version than the binaries on the host',
    detail: `Backup ${backup.id} is of PostgreSQL ${major}; the configured binaries are ${host.binaries.version}.`,
    remedy: `Install PostgreSQL ${major} on the host and set postgres.binDirectory in the agent's configuration to it.`,
  };
};

const backupForeign: Rule = ({ backup, walSystemIdentifier }) =>
  isForeign(backup, walSystemIdentifier)
    ? {
        code: 'backup-foreign',
        severity: 'blocking',
        title: 'The backup is of another cluster',
        detail: `Backup ${backup.id} is of the cluster ${backup.systemIdentifier}; the WAL that Barman holds is of ${walSystemIdentifier}.`,
        remedy:
          'Leave out "backup", so that one of this cluster is taken, or move the foreign one out of the catalogue.',
      }
    : null;

const manifestAbsent: Rule = ({ backup }) =>
  backup.manifest === 'absent'
    ? {
        code: 'manifest-absent',
        severity: 'warning',
        title: 'The backup has no manifest',
        detail: `The files of backup ${backup.id} cannot be compared with what was backed up.`,
        remedy: 'Plan with "options": {"amcheck": "all"}; backups made with backup_method = postgres have a manifest.',
      }
    : null;

export const backupRules: readonly Rule[] = [
  backupUnsupported,
  backupNotDone,
  majorDiffers,
  backupForeign,
  manifestAbsent,
];
