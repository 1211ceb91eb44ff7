import path from 'node:path';

export interface PostgresPlaces {
  readonly port: number;
  readonly socketDir: string;
  readonly dataDir: string;
  readonly configDir: string;
}

/** Database roles that the mapped operating-system users may take. */
const ROLES = ['postgres', 'barman', 'streaming_barman', 'barback_probe', 'app'] as const;

/** Settings of a lab's server: real durability and WAL, small memory, because labs run side by side. */
export function labSettings(places: PostgresPlaces, archiving: boolean): string {
  const settings: Record<string, string | number> = {
    port: places.port,
    listen_addresses: quoted(''),
    unix_socket_directories: quoted(places.socketDir),
    ssl: 'off',
    wal_level: 'replica',
    // Without a command yet: WAL waits in pg_wal until Barman can take it.
    archive_mode: archiving ? 'on' : 'off',
    max_wal_senders: 10,
    max_replication_slots: 10,
    max_connections: 50,
    shared_buffers: quoted('16MB'),
    huge_pages: 'off',
    // Inside the data directory and not in /dev/shm, where a killed server would leave it.
    dynamic_shared_memory_type: 'mmap',
    checkpoint_timeout: quoted('5min'),
    max_wal_size: quoted('1GB'),
    min_wal_size: quoted('80MB'),
    logging_collector: 'off',
    log_checkpoints: 'on',
    log_timezone: quoted('UTC'),
    timezone: quoted('UTC'),
    lc_messages: quoted('C'),
    log_line_prefix: quoted('%m [%p] %q%u@%d '),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  return `${lines.join('\n')}\n`;
}

/** The setting that hands WAL to Barman, for a file of its own that is read last. */
export function archiveCommandSetting(command: string): string {
  return `archive_command = ${quoted(command)}\n`;
}

/** The whole postgresql.conf of a cluster made by initdb, with its configuration outside the data directory. */
export function standaloneConfig(places: PostgresPlaces): string {
  return [
    `data_directory = ${quoted(places.dataDir)}`,
    `hba_file = ${quoted(path.join(places.configDir, 'pg_hba.conf'))}`,
    `ident_file = ${quoted(path.join(places.configDir, 'pg_ident.conf'))}`,
    `include_dir = ${quoted('conf.d')}`,
    '',
  ].join('\n');
}

export const LAB_HBA = 'local all all peer map=lab\nlocal replication all peer map=lab\n';

/** pg_ident.conf: each of `osUsers` may connect as each of the lab's roles. */
export function labIdent(osUsers: readonly string[]): string {
  const lines = [...new Set(osUsers)].flatMap((user) => ROLES.map((role) => `lab "${user}" ${role}`));
  return `${lines.join('\n')}\n`;
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
