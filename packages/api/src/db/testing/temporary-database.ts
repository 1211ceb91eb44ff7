import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../database.ts';
import { openDatabase } from '../open-database.ts';

export interface TemporaryDatabase {
  readonly database: Database;
  remove(): void;
}

/** A migrated database in a directory of its own, whose clock stands at 2026-11-22T12:00:00Z; nothing in it survives a crash. */
export function temporaryDatabase(): TemporaryDatabase {
  const directory = mkdtempSync(join(tmpdir(), 'barback-database-'));
  const database = openDatabase({ path: join(directory, 'api.db'), clock: { now: () => 1_795_348_800_000_000 } });
  database.sqlite.pragma('synchronous = OFF');
  return {
    database,
    remove() {
      database.close();
      rmSync(directory, { recursive: true });
    },
  };
}
