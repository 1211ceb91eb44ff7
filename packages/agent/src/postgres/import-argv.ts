import { conninfoValue } from './argv.ts';

/** How a database is reached that is not asked as live's superuser. */
export interface Conninfo {
  /** Directory of a socket, or a host. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly role: string;
  /** Certificates that the server's own must be signed by, for its name; null: a socket or this machine. */
  readonly caFile: string | null;
}

/** Parameters of libpq (15–18); a cut connection is noticed within two minutes. Passwords come from PGPASSFILE. */
function conninfo({ host, port, database, role, caFile }: Conninfo): string {
  const words: Readonly<Record<string, string>> = {
    host,
    port: String(port),
    dbname: database,
    user: role,
    ...(caFile === null ? {} : { sslmode: 'verify-full', sslrootcert: caFile }),
    connect_timeout: '15',
    keepalives_idle: '30',
    keepalives_interval: '15',
    keepalives_count: '4',
    tcp_user_timeout: '90000',
    application_name: 'barback',
  };
  return Object.entries(words)
    .map(([name, value]) => `${name}=${conninfoValue(value)}`)
    .join(' ');
}

/** psql for SQL that Barback itself wrote. */
export function importPsqlArgv(binDirectory: string, to: Conninfo): string[] {
  return [`${binDirectory}/psql`, '-XAtqw', '-v', 'ON_ERROR_STOP=1', '-d', conninfo(to)];
}

/**
 * psql for a plain dump on standard input: the first error ends it, nothing but the dump's own commands is obeyed. `key`: where the dump does
 * not restrict psql itself, by a word that nobody who wrote it knows.
 */
export function importPlainArgv(binDirectory: string, to: Conninfo, key: string | null): string[] {
  const restrict = key === null ? [] : ['-c', `\\restrict ${key}`];
  return [
    `${binDirectory}/psql`,
    '-Xqw',
    '-v',
    'ON_ERROR_STOP=1',
    '-o',
    '/dev/null',
    ...restrict,
    '-f',
    '-',
    '-d',
    conninfo(to),
  ];
}

export interface Dump {
  readonly binDirectory: string;
  readonly from: Conninfo;
  readonly directory: string;
  readonly snapshot: string;
  readonly jobs: number;
}

/** The lightest compression: a network is slower than it, and the programs' own default is not (gzip, level 6). */
export function importDumpArgv({ binDirectory, from, directory, snapshot, jobs }: Dump): string[] {
  return [
    `${binDirectory}/pg_dump`,
    '--format=directory',
    `--jobs=${jobs}`,
    '--compress=1',
    `--snapshot=${snapshot}`,
    '--lock-wait-timeout=60s',
    '--no-publications',
    '--no-subscriptions',
    '--no-security-labels',
    '--no-password',
    `--file=${directory}`,
    `--dbname=${conninfo(from)}`,
  ];
}

export interface Load {
  readonly binDirectory: string;
  readonly to: Conninfo;
  readonly directory: string;
  readonly list: string;
  readonly jobs: number;
  readonly privileges: boolean;
}

/** The first error ends it. Everything belongs to the role, because its owners are roles of another cluster. */
export function importLoadArgv({ binDirectory, to, directory, list, jobs, privileges }: Load): string[] {
  return [
    `${binDirectory}/pg_restore`,
    '--exit-on-error',
    `--jobs=${jobs}`,
    '--no-owner',
    '--no-tablespaces',
    ...(privileges ? [] : ['--no-privileges']),
    `--use-list=${list}`,
    '--no-password',
    `--dbname=${conninfo(to)}`,
    directory,
  ];
}

export function importListArgv(binDirectory: string, directory: string): string[] {
  return [`${binDirectory}/pg_restore`, '--list', directory];
}

export function importAnalyzeArgv(binDirectory: string, to: Conninfo, jobs: number): string[] {
  return [
    `${binDirectory}/vacuumdb`,
    '--analyze-only',
    '--quiet',
    '--no-password',
    `--jobs=${jobs}`,
    `--dbname=${conninfo(to)}`,
  ];
}
