import type Sqlite from 'better-sqlite3';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';

export type Orm = BetterSQLite3Database;
export type Tx = Parameters<Parameters<Orm['transaction']>[0]>[0];
/** What a query that only reads needs: inside or outside of a transaction. */
export type Reader = Pick<Orm, 'select'>;

export interface Database {
  readonly path: string;
  readonly sqlite: Sqlite.Database;
  /** For reading; changes go through `write`. */
  readonly orm: Orm;
  /** Called when it is not known whether a transaction was committed; does not return in production. */
  readonly onUnknownCommit: (error: Error) => void;
  /** Seam for tests that end the process between two effects. */
  readonly onWrite: ((moment: 'before' | 'after') => void) | undefined;
  close(): void;
}
