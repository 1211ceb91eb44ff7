import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { ensureLogOpened } from '../audit/append-event.ts';
import type { Clock } from '../clock.ts';
import type { Database } from './database.ts';
import { write } from './write.ts';

const besideTheSource = fileURLToPath(new URL('../../drizzle', import.meta.url));

/** What every connection must have; a reopened WAL database reports `synchronous` 1 (better-sqlite3 13.2, SQLite 3.53). */
const pragmas = [
  ['journal_mode', 'WAL', 'wal'],
  ['synchronous', 'FULL', 2],
  ['foreign_keys', 'ON', 1],
  ['busy_timeout', '5000', 5000],
  ['trusted_schema', 'OFF', 0],
  ['cell_size_check', 'ON', 1],
] as const;

export interface OpenOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Folder of the migrations; beside the source unless the program is bundled. */
  readonly migrations?: string;
  readonly onUnknownCommit?: (error: Error) => void;
  readonly onWrite?: (moment: 'before' | 'after') => void;
}

/** Opens, checks and migrates the database; throws when it is damaged or cannot be made durable. */
export function openDatabase(options: OpenOptions): Database {
  closeSync(openSync(options.path, 'a', 0o600));
  const sqlite = new Sqlite(options.path);
  try {
    setPragmas(sqlite, options.path);
    quickCheck(sqlite, options.path);
    const orm = drizzle(sqlite, { casing: 'snake_case' });
    migrate(orm, { migrationsFolder: options.migrations ?? besideTheSource });
    const database: Database = {
      path: options.path,
      sqlite,
      orm,
      onUnknownCommit: options.onUnknownCommit ?? exitBecauseUnknown,
      onWrite: options.onWrite,
      close: () => sqlite.close(),
    };
    write(database, (tx) => ensureLogOpened(tx, options.clock.now()));
    return database;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

function setPragmas(sqlite: Sqlite.Database, path: string): void {
  for (const [name, value, expected] of pragmas) {
    sqlite.pragma(`${name} = ${value}`);
    const actual = sqlite.pragma(name, { simple: true });
    if (actual !== expected) {
      throw new Error(
        `cannot use the database ${path}: ${name} is ${String(actual)} instead of ${expected}; keep it on a local file system`,
      );
    }
  }
}

function quickCheck(sqlite: Sqlite.Database, path: string): void {
  const found = sqlite.pragma('quick_check(1)', { simple: true });
  if (found === 'ok') return;
  throw new Error(
    `cannot use the database ${path}: it is damaged (${String(found)}); put back the newest copy whose audit log verifies`,
  );
}

function exitBecauseUnknown(error: Error): void {
  process.stderr.write(
    `barback-api: cannot tell whether a change was stored (${error.message}); ending, so that the next start reads what is on disk\n`,
  );
  process.exit(70);
}
