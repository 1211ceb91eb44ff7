import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../clock.ts';
import { readApiConfig, type ApiConfig } from '../config.ts';
import type { Database } from '../db/database.ts';
import { openDatabase } from '../db/open-database.ts';
import type { Given } from './command.ts';

/** A bundle has its migrations beside it; the source finds its own. */
const besideTheBundle = fileURLToPath(new URL('drizzle', import.meta.url));

/** The configuration and database that a command line names; the database is closed when the work is done. */
export async function withLocal<T>(
  given: Given,
  work: (local: { config: ApiConfig; database: Database }) => T | Promise<T>,
): Promise<T> {
  const config = readApiConfig(path.resolve(given.one('config')));
  const database = openLocal(config);
  try {
    return await work({ config, database });
  } finally {
    database.close();
  }
}

export function openLocal(config: ApiConfig): Database {
  return openDatabase({
    path: config.database,
    clock: systemClock,
    ...(existsSync(besideTheBundle) ? { migrations: besideTheBundle } : {}),
  });
}
