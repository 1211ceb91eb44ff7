import { constants, copyFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { readApiConfig, type ApiConfig } from '../config.ts';
import { copyDatabase, requireIntactLog } from '../db/copy-database.ts';
import { acquireOwnerLock } from '../db/owner-lock.ts';
import { fetchGeneration } from '../offsite/fetch-generation.ts';
import { offsiteText } from '../offsite/offsite-config.ts';
import type { Command } from './command.ts';
import { openLocal, withLocal } from './open-local.ts';

export const databaseCopy: Command = {
  words: ['database', 'copy'],
  positionals: [],
  options: { to: { value: 'FILE', required: true }, config: { value: 'FILE', required: true } },
  says: 'copy the database as it is now, also while the api runs, and verify its audit log',
  run: (given) =>
    withLocal(given, async ({ database }) => {
      const to = path.resolve(given.one('to'));
      const { events, head } = requireIntactLog(database);
      await copyDatabase(database, to);
      process.stdout.write(`${to}: at least ${events} events, head ${head}\n`);
      return 0;
    }),
};

export const databaseRestore: Command = {
  words: ['database', 'restore'],
  positionals: ['FILE'],
  options: { config: { value: 'FILE', required: true } },
  says: 'put a copy at the place of a database that is gone, and verify its audit log; an existing one is never replaced',
  run(given) {
    const config = readApiConfig(path.resolve(given.one('config')));
    const from = path.resolve(given.positionals[0] ?? '');
    return restoreFrom(config, () => copyFileSync(from, config.database, constants.COPYFILE_EXCL));
  },
};

export const databaseRestoreFromBox: Command = {
  words: ['database', 'restore-from-box'],
  positionals: [],
  options: { log: { value: 'ID' }, config: { value: 'FILE', required: true } },
  says: 'the same with the newest copy on the box of the configuration (mirror); --log where the box has several',
  run(given) {
    const config = readApiConfig(path.resolve(given.one('config')));
    const { mirror } = config;
    if (mirror === undefined) throw new Error('the configuration names no box: add mirror, as docs/install.md shows');
    return restoreFrom(config, async () => {
      const from = { log: given.maybe('log'), to: config.database };
      const { at } = await fetchGeneration(mirror, from, AbortSignal.timeout(fetchLimitMs));
      process.stdout.write(`fetched from ${offsiteText(mirror)}: as of ${at}\n`);
    });
  },
};

const fetchLimitMs = 2 * 3_600_000;

/** Puts a database where there is none, and reads its whole log. */
async function restoreFrom(config: ApiConfig, place: () => void | Promise<void>): Promise<number> {
  if (existsSync(config.database)) {
    throw new Error(`there is a database at ${config.database}: move it away first, with its -wal and -shm files`);
  }
  // Nobody else begins meanwhile.
  const lock = acquireOwnerLock(config.database);
  try {
    await place();
    const database = openLocal(config);
    const { log, events, head } = requireIntactLog(database);
    database.close();
    process.stdout.write(`restored: ${events} events of log ${log}, head ${head}\n`);
    return 0;
  } finally {
    lock.release();
  }
}
