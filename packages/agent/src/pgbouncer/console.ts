import { conninfoValue } from '../postgres/argv.ts';

export interface Console {
  /** Any psql: the console speaks the simple query protocol. */
  readonly binDirectory: string;
  /** Directory of its socket, or a host name. */
  readonly host: string;
  readonly port: number;
  readonly role: string;
  /** Certificates that its own must be signed by; null: a socket or this machine. */
  readonly caFile: string | null;
}

/** Between fields: in no name that PgBouncer prints. */
const separator = '\u001F';

/**
 * psql for the admin console, commands from standard input. No PGOPTIONS: the console refuses to be started with `options`.
 * (1.18–1.25, doc/usage.md "Admin console".)
 */
export function consoleArgv({ binDirectory, host, port, role, caFile }: Console): string[] {
  const encrypted = caFile === null ? '' : ` sslmode=verify-full sslrootcert=${conninfoValue(caFile)}`;
  return [
    `${binDirectory}/psql`,
    '-XAqw',
    '-v',
    'ON_ERROR_STOP=1',
    '-P',
    'footer=off',
    '-F',
    separator,
    '-h',
    host,
    '-p',
    String(port),
    '-U',
    role,
    '-d',
    `dbname=pgbouncer${encrypted}`,
  ];
}

/** A name of the console's grammar (admin.c, WORD), which folds what is not quoted. */
export function quoted(database: string): string {
  return `"${database.replaceAll('"', '""')}"`;
}

/** The rows of a SHOW by column name, which differ by version; throws an Error that names the column that is not there. */
export function showRows<C extends string>(text: string, columns: readonly C[]): Record<C, string>[] {
  const [head, ...rows] = text.split('\n').filter((line) => line !== '');
  const names = head?.split(separator) ?? [];
  const places = columns.map((column) => {
    const place = names.indexOf(column);
    if (place === -1) throw new Error(`PgBouncer shows no column ${column}, only ${names.join(', ')}`);
    return [column, place] as const;
  });
  return rows.map((row) => {
    const fields = row.split(separator);
    return Object.fromEntries(places.map(([column, place]) => [column, fields[place] ?? ''])) as Record<C, string>;
  });
}
