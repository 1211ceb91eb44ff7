import { closeSync, openSync } from 'node:fs';
import Sqlite from 'better-sqlite3';

export interface OwnerLock {
  readonly path: string;
  release(): void;
}

/**
 * Makes this process the only api of a database, by a lock that the kernel drops when the process ends.
 * It is held on a file beside the database, so that readers, exports and small commands still work.
 */
export function acquireOwnerLock(databasePath: string): OwnerLock {
  const path = `${databasePath}.owner.lock`;
  closeSync(openSync(path, 'a', 0o600));
  const sqlite = new Sqlite(path, { timeout: 0 });
  try {
    sqlite.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    sqlite.close();
    throw new Error(
      `cannot become the api of ${databasePath}: another process holds ${path}; stop the other api or use another database`,
      { cause: error },
    );
  }
  return { path, release: () => sqlite.close() };
}
