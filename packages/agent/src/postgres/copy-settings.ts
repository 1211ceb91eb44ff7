import type { Params } from '@barback/shared/operations/index.ts';
import type { RecoveryTarget } from '@barback/shared/postgres/target.ts';
import { largestCapacity, type Capacity } from './capacity.ts';

export type Settings = Readonly<Record<string, string>>;

export interface CopyPlace {
  readonly dataDirectory: string;
  readonly configFile: string;
  readonly hbaFile: string;
  readonly identFile: string;
  readonly socketDirectory: string;
  readonly port: number;
  readonly clusterName: string;
}

/** PostgreSQL itself runs it with the data directory as working directory, so it survives a rename of that directory. */
const restoreCommand = 'cp barman_wal/%f %p';

/**
 * What keeps a copy apart from production and from the world (T1, T2). It stands on the command line, which outranks the
 * configuration file and postgresql.auto.conf; `archive_library` exists since PostgreSQL 15, `event_triggers` since 17.
 */
export function isolationSettings(place: CopyPlace, major: number): Settings {
  return {
    data_directory: place.dataDirectory,
    config_file: place.configFile,
    hba_file: place.hbaFile,
    ident_file: place.identFile,
    listen_addresses: '',
    unix_socket_directories: place.socketDirectory,
    unix_socket_permissions: '0700',
    port: String(place.port),
    cluster_name: place.clusterName,
    archive_mode: 'off',
    archive_command: '/bin/false',
    ...(major >= 15 ? { archive_library: '' } : {}),
    archive_cleanup_command: '',
    recovery_end_command: '',
    primary_conninfo: '',
    primary_slot_name: '',
    synchronous_standby_names: '',
    ssl: 'off',
    logging_collector: 'off',
    log_destination: 'stderr',
    lc_messages: 'C',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] ',
    log_statement: 'none',
    log_min_messages: 'warning',
    ...(major >= 15 ? { log_startup_progress_interval: '500ms' } : {}),
    max_logical_replication_workers: '0',
    session_preload_libraries: '',
    local_preload_libraries: '',
    jit: 'off',
    autovacuum: 'off',
    hot_standby: 'on',
    huge_pages: 'off',
    // In the data directory and not in /dev/shm, where a killed copy would leave it.
    dynamic_shared_memory_type: 'mmap',
    shared_buffers: '128MB',
    restart_after_crash: 'off',
    ...(major >= 17 ? { event_triggers: 'off', summarize_wal: 'off' } : {}),
    'cron.launch_active_jobs': 'off',
    'timescaledb.max_background_workers': '0',
  };
}

/**
 * What a copy that takes live's place must not lose by having been a copy (T24, T25), instead of the isolation's own values: its
 * archive command still fails, so WAL and the new history wait in pg_wal until they are live's. `always` would queue what it
 * restores from the archive as well, which is there already.
 */
export function goesLiveSettings(live: NonNullable<Params<'scratch-start'>['goesLive']>): Settings {
  return {
    wal_level: live.walLevel,
    track_commit_timestamp: live.trackCommitTimestamp ? 'on' : 'off',
    wal_log_hints: live.walLogHints ? 'on' : 'off',
    archive_mode: live.archiveMode === 'off' ? 'off' : 'on',
    archive_command: '/bin/false',
    // One for Barman, whatever live had.
    max_replication_slots: String(Math.max(1, live.maxReplicationSlots)),
  };
}

/** Where recovery stops: exactly one target, or none for `latest`, whose end is a promotion (T10). */
export function recoverySettings(target: RecoveryTarget, timeline: number): Settings {
  const common = { restore_command: restoreCommand, recovery_target_timeline: String(timeline) };
  switch (target.type) {
    case 'latest':
      return common;
    case 'immediate':
      return { ...common, recovery_target: 'immediate', recovery_target_action: 'pause' };
    case 'lsn':
      return {
        ...common,
        recovery_target_lsn: target.lsn,
        recovery_target_inclusive: target.inclusive ? 'on' : 'off',
        recovery_target_action: 'pause',
      };
  }
}

/** Hot standby needs at least the primary's values, as they were at any time of the WAL that is replayed (T4). */
export function capacitySettings(...needed: readonly Capacity[]): Settings {
  const largest = largestCapacity(needed);
  return {
    max_connections: String(largest.maxConnections),
    max_worker_processes: String(largest.maxWorkerProcesses),
    max_wal_senders: String(largest.maxWalSenders),
    max_prepared_transactions: String(largest.maxPreparedTransactions),
    max_locks_per_transaction: String(largest.maxLocksPerTransaction),
  };
}

export interface LibraryChoice {
  readonly name: string;
  readonly loaded: boolean;
  readonly note: string;
}

/** Which preload libraries the copy gets: those on the allow list; the others are reported, never dropped silently (T2). */
export function chooseLibraries(wanted: readonly string[], allowed: readonly string[]): LibraryChoice[] {
  const permitted = new Set(allowed);
  return [...new Set(wanted)].map((name) =>
    permitted.has(name.replace(/^\$libdir\//, ''))
      ? { name, loaded: true, note: 'on the allow list' }
      : { name, loaded: false, note: 'not in preloadLibraries of the agent: its code does not run in the copy' },
  );
}

/** A configuration file; values are quoted, so nothing in them can become a line of its own. */
export function configurationText(settings: Settings): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}`);
  return `# Written by the Barback agent for one isolated copy.\n${lines.join('\n')}\n`;
}

/** postgresql.auto.conf of the copy: empty, so that nothing set by ALTER SYSTEM reaches it (T1). */
export const emptyAutoConf = '# Set aside by the Barback agent; see postgresql.auto.conf.backup.\n';

/** `peer` on the private socket is the only way in; the map says which local users may be which roles. */
export const hbaText = '# Written by the Barback agent.\nlocal all all peer map=barback\n';

export function identText(osUsers: readonly string[], roles: readonly string[]): string {
  const lines = osUsers.flatMap((user) => roles.map((role) => `barback ${quotedIdent(user)} ${quotedIdent(role)}`));
  return `# Written by the Barback agent.\n${[...new Set(lines)].join('\n')}\n`;
}

/** The server's argv: `postgres` directly, because pg_ctl passes its options through a shell. */
export function postgresArgv(binDirectory: string, dataDirectory: string, settings: Settings): string[] {
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return [`${binDirectory}/postgres`, '-D', dataDirectory, ...options];
}

function quoted(value: string): string {
  if (/[\n\r\0]/.test(value)) throw new Error('cannot write a setting with a line break');
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function quotedIdent(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
