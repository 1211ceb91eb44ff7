import type { Lsn } from '@barback/shared/postgres/lsn.ts';
import { segmentStart, type Segment } from '@barback/shared/postgres/segment.ts';

export interface PsqlTarget {
  readonly binDirectory: string;
  readonly socketDirectory: string;
  readonly port: number;
  readonly role: string;
  readonly database: string;
}

/** psql for SQL that Barback itself wrote, from standard input: no startup file, no password prompt, stop at the first error. */
export function psqlArgv(target: PsqlTarget): string[] {
  return [
    `${target.binDirectory}/psql`,
    '-XAtqw',
    '-v',
    'ON_ERROR_STOP=1',
    '-h',
    target.socketDirectory,
    '-p',
    String(target.port),
    '-U',
    target.role,
    '-d',
    // As a connection string: a database may be called "host=elsewhere".
    `dbname=${conninfoValue(target.database)}`,
  ];
}

/** ANALYZE of every database; one after the other, so that a core remains for those who use it. */
export function analyzeArgv({ binDirectory, socketDirectory, port, role, database }: PsqlTarget): string[] {
  const where = ['-h', socketDirectory, '-p', String(port), '-U', role];
  return [
    `${binDirectory}/vacuumdb`,
    '--all',
    '--analyze-only',
    '--quiet',
    '--no-password',
    ...where,
    `--maintenance-db=dbname=${conninfoValue(database)}`,
  ];
}

export function conninfoValue(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/**
 * Session settings for PGOPTIONS, in milliseconds; values hold digits only, so nothing needs escaping. What Barback itself commits waits
 * for no standby: there may be none that follows.
 */
export function sessionOptions(statementTimeoutMs: number, lockTimeoutMs: number): string {
  const limits = `-c statement_timeout=${statementTimeoutMs} -c lock_timeout=${lockTimeoutMs}`;
  return `${limits} -c search_path=pg_catalog -c synchronous_commit=local`;
}

export function controlDataArgv(binDirectory: string, dataDirectory: string): string[] {
  return [`${binDirectory}/pg_controldata`, '-D', dataDirectory];
}

/**
 * Transaction records of a segment, and of the one behind it when that is there, because a record may cross. The end is never
 * behind the last file: pg_waldump would wait 5 s for the next one (PostgreSQL 13–18, pg_waldump.c).
 */
export function waldumpArgv(
  binDirectory: string,
  directory: string,
  segment: Segment,
  options: { readonly segmentBytes: number; readonly nextIsThere: boolean },
): string[] {
  const { segmentBytes, nextIsThere } = options;
  const end = { timeline: segment.timeline, number: segment.number + (nextIsThere ? 2n : 1n) };
  return [
    `${binDirectory}/pg_waldump`,
    '--rmgr=Transaction',
    `--path=${directory}`,
    `--timeline=${segment.timeline}`,
    `--start=${segmentStart(segment, segmentBytes)}`,
    `--end=${segmentStart(end, segmentBytes)}`,
  ];
}

/** Resource managers whose records say who committed and what was destroyed (PostgreSQL 15–17; several at once since 15). */
const indexManagers = ['Transaction', 'Heap', 'Storage', 'Standby', 'XLOG', 'Database', 'Tablespace'] as const;

const managersOf = {
  index: indexManagers,
  ends: ['Transaction'],
  replayed: ['XLOG', 'Tablespace'],
} as const;

export interface WaldumpRange {
  readonly binDirectory: string;
  readonly directory: string;
  readonly timeline: number;
  readonly start: Lsn;
  readonly end: Lsn;
}

/**
 * The records of a stretch of WAL that the index needs, or only those of one kind. pg_waldump writes in pieces of 4 KiB, each
 * a switch of processes; stdbuf (coreutils) makes them larger, which halves the cost of passing them on.
 */
export function waldumpRangeArgv(range: WaldumpRange, what: keyof typeof managersOf): string[] {
  return [
    '/usr/bin/stdbuf',
    '--output=65536',
    `${range.binDirectory}/pg_waldump`,
    ...managersOf[what].map((manager) => `--rmgr=${manager}`),
    ...rangeArguments(range),
  ];
}

/** The first record, of whatever kind, that begins at or after the start. */
export function waldumpFirstArgv(range: WaldumpRange): string[] {
  return [`${range.binDirectory}/pg_waldump`, '--limit=1', ...rangeArguments(range)];
}

function rangeArguments({ directory, timeline, start, end }: WaldumpRange): string[] {
  return [`--path=${directory}`, `--timeline=${timeline}`, `--start=${start}`, `--end=${end}`];
}

/** Files that Barman or the agent put beside the backup's own (Barman 3.4, `barman recover`). */
function addedFiles(backupId: string): string[] {
  return [
    '.barman-recover.info',
    `backup_manifest.${backupId}`,
    'postgresql.auto.conf.origin',
    'postgresql.conf',
    'postgresql.conf.origin',
    'pg_hba.conf.origin',
    'pg_ident.conf.origin',
    'tablespace_map',
    'recovery.signal',
    'barman_wal',
  ];
}

/** `-n`: the WAL is proven by the replay; `-i`: what Barman adds or rewrites. */
export function verifyBackupArgv(binDirectory: string, dataDirectory: string, backupId: string): string[] {
  return [
    `${binDirectory}/pg_verifybackup`,
    '-n',
    '-m',
    `${dataDirectory}/backup_manifest.${backupId}`,
    ...addedFiles(backupId).flatMap((name) => ['-i', name]),
    dataDirectory,
  ];
}

/** The same of what Barman stores, which has neither WAL nor tablespaces in it (3.4–3.17: each tablespace beside it, by its oid). */
export function verifyStoredArgv(binDirectory: string, directory: string): string[] {
  return [`${binDirectory}/pg_verifybackup`, '-n', '-i', 'pg_tblspc', directory];
}

/** pg_amcheck over every database: heaps and TOAST, with `all` also B-trees against their heaps. */
export function amcheckArgv(target: PsqlTarget, level: 'tables' | 'all', jobs: number): string[] {
  return [
    `${target.binDirectory}/pg_amcheck`,
    '--all',
    '--install-missing',
    '--progress',
    '-w',
    '-j',
    String(jobs),
    ...(level === 'all' ? ['--heapallindexed'] : ['--no-dependent-indexes']),
    '-h',
    target.socketDirectory,
    '-p',
    String(target.port),
    '-U',
    target.role,
  ];
}
