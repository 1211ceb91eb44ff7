import type { Database, Tx } from './database.ts';

const unknownCommitCodes = /^SQLITE_(IOERR|FULL|CORRUPT|NOTADB|READONLY|CANTOPEN)/;

/**
 * The one door for changes: `BEGIN IMMEDIATE`, the change and its event together, `COMMIT`.
 * After an I/O error it is not known what is on disk (a failed fsync may have been written): the process must end and read it again.
 */
export function write<T>(database: Database, change: (tx: Tx) => T): T {
  try {
    database.onWrite?.('before');
    const result = database.orm.transaction(change, { behavior: 'immediate' });
    database.onWrite?.('after');
    return result;
  } catch (error) {
    const cause = sqliteError(error);
    if (cause !== undefined && unknownCommitCodes.test(cause.code)) database.onUnknownCommit(cause);
    throw error;
  }
}

function sqliteError(error: unknown): (Error & { code: string }) | undefined {
  for (let one = error; one instanceof Error; one = one.cause) {
    if ('code' in one && typeof one.code === 'string' && one.code.startsWith('SQLITE_')) {
      return one as Error & { code: string };
    }
  }
  return undefined;
}
