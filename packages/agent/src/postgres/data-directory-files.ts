/** What PostgreSQL itself keeps at the top of a data directory (13–18, storage.sgml and miscadmin.h). */
const ownDirectories = /^(base|global|pg_\w+)$/;
/** What a cluster consists of (13–18, storage.sgml, initdb.c); logs, and whatever else somebody keeps there, is not of it. */
export const clusterDirectories: readonly string[] = [
  'base',
  'global',
  'pg_commit_ts',
  'pg_dynshmem',
  'pg_logical',
  'pg_multixact',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_tblspc',
  'pg_twophase',
  'pg_wal',
  'pg_xact',
];
const ownFiles = new Set([
  'PG_VERSION',
  'postgresql.auto.conf',
  'postmaster.pid',
  'postmaster.opts',
  'backup_label',
  'backup_label.old',
  'tablespace_map',
  'tablespace_map.old',
  'backup_manifest',
  'current_logfiles',
  'recovery.signal',
  'standby.signal',
  'recovery.conf',
  'recovery.done',
  'promote',
  'logrotate',
]);

/** Configuration that is in the data directory unless the packages put it elsewhere. */
const configuration: readonly string[] = ['postgresql.conf', 'pg_hba.conf', 'pg_ident.conf', 'conf.d'];

/** What Barman or a recovery leaves, by names of Barman 3.4–3.17 (recovery_executor.py). */
const leftOvers =
  /^(barman_wal|\.barman-recover\.info|backup_manifest(\..*)?|.*\.origin|backup_label\.old|tablespace_map\.old|postgresql\.auto\.conf\.backup|(recovery|standby)\.signal|recovery\.(conf|done)|postmaster\.opts|current_logfiles(\.tmp)?)$/;

export interface TopEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'other' | 'absent';
  readonly bytes: number;
}

/** More than any configuration or certificate: an archive that somebody left there is not carried over. */
const carriedBytesMax = 16 * 1024 * 1024;

/**
 * Of live's data directory: configuration, what it includes, keys and certificates. Whatever is not PostgreSQL's own, because
 * settings may give them any name; directories only where the configuration includes them, logs never.
 */
export function entriesToCarry(live: readonly TopEntry[], includedDirectories: readonly string[]): string[] {
  const directories = new Set(['conf.d', ...includedDirectories]);
  return live
    .filter(({ name, kind, bytes }) => {
      if (ownFiles.has(name) || ownDirectories.test(name) || leftOvers.test(name)) return false;
      if (kind === 'directory') return directories.has(name);
      if (kind === 'symlink') return true;
      return (
        kind === 'file' && bytes <= carriedBytesMax && !/^(logfile|core(\.\d+)?|.*\.log(\.\d+)?|.*\.pid)$/.test(name)
      );
    })
    .map(({ name }) => name);
}

/**
 * Of the copy: what Barman and the recovery left and, where live is there to say that it has its configuration elsewhere, that of
 * backup time, which would come into force again with the next `-D`.
 */
export function entriesToRemove(copy: readonly string[], live: readonly TopEntry[] | null): string[] {
  const liveNames = new Set(live?.map((one) => one.name));
  return copy.filter(
    (name) => leftOvers.test(name) || (live !== null && configuration.includes(name) && !liveNames.has(name)),
  );
}

/** The configuration of backup time as it was before Barman rewrote it (3.4.0, `NAME.origin`), for when live is not there. */
export function originals(copy: readonly string[]): { readonly from: string; readonly to: string }[] {
  return configuration
    .filter((name) => copy.includes(`${name}.origin`))
    .map((name) => ({ from: `${name}.origin`, to: name }));
}

/** Directories at the top of the data directory that postgresql.conf includes (guc-file.l). */
export function includedDirectories(postgresqlConf: string): string[] {
  const found = postgresqlConf.split('\n').flatMap((line) => {
    const match = /^\s*include_dir\s*=?\s*(?:'([^']+)'|([^\s#']+))/i.exec(line);
    return match ? [(match[1] ?? match[2] ?? '').replace(/^\.\//, '').replace(/\/+$/, '')] : [];
  });
  return found.filter((name) => /^[^/]+$/.test(name) && name !== '.' && name !== '..');
}
