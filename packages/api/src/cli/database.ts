import { constants, copyFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { readApiConfig } from '../config.ts';
import { copyDatabase, requireIntactLog } from '../db/copy-database.ts';
import { acquireOwnerLock } from '../db/owner-lock.ts';
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
    if (existsSync(config.database)) {
      throw new Error(`there is a database at ${config.database}: move it away first, with its -wal and -shm files`);
    }
    // Nobody else begins meanwhile.
    const lock = acquireOwnerLock(config.database);
    try {
      copyFileSync(path.resolve(given.positionals[0] ?? ''), config.database, constants.COPYFILE_EXCL);
      const database = openLocal(config);
      const { log, events, head } = requireIntactLog(database);
      database.close();
      process.stdout.write(`restored: ${events} events of log ${log}, head ${head}\n`);
      return 0;
    } finally {
      lock.release();
    }
  },
};
