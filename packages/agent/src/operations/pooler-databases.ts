import { show, type Pooler } from './pooler-console.ts';

/** A database of the configuration as PgBouncer has it now. */
export interface PooledDatabase {
  readonly name: string;
  /** Null: a socket on PgBouncer's host. */
  readonly host: string | null;
  readonly port: number;
  readonly paused: boolean;
}

/** Those of the configuration that PgBouncer knows; one that it knows only by a wildcard is there once somebody has used it. */
export async function pooledDatabases(pooler: Pooler, signal: AbortSignal): Promise<PooledDatabase[]> {
  const rows = await show(pooler, 'DATABASES', ['name', 'host', 'port', 'paused'], signal);
  return rows
    .filter(({ name }) => pooler.config.databases.includes(name))
    .map(({ name, host, port, paused }) => ({
      name,
      host: host === '' ? null : host,
      port: Number(port),
      paused: paused === '1',
    }));
}

/** How many connections to the server a database still has; 0 is what a pause waits for. */
export async function connectionsOf(pooler: Pooler, database: string, signal: AbortSignal): Promise<number> {
  const rows = await show(pooler, 'SERVERS', ['database'], signal);
  return rows.filter((one) => one.database === database).length;
}
