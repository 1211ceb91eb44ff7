import { ProblemError } from '@barback/shared/wire/problem.ts';
import { dropDatabaseSql } from '../postgres/database-sql.ts';
import type { Handler } from './handler.ts';
import { readKeptDatabase } from './kept-database.ts';
import { databaseOf, liveBeside, requireDatabase, runSql } from './live-database.ts';

export const databaseDiscard: Handler<'database-discard'> = {
  async perform(host, { plan, oid }, call) {
    const record = await readKeptDatabase(host, plan);
    if (record?.server !== host.serverName || record.oid !== oid) throw notKept(plan, oid);
    const server = liveBeside(host, [record.name]);
    if ((await databaseOf(server, oid, call)) === undefined) return { name: null, freedBytes: 0 };
    const { sizeBytes } = await requireDatabase(server, record.name, oid, call);
    await runSql(server, dropDatabaseSql(record.name), call);
    return { name: record.name, freedBytes: sizeBytes };
  },

  /** What is dropped is dropped: performing again looks anew. */
  observe: () => Promise.resolve({ is: 'absent' }),
};

function notKept(plan: string, oid: number): ProblemError {
  return new ProblemError('nothing-kept', `plan ${plan} has set aside no database of oid ${oid}`, {
    next: 'Nothing was dropped. See what is kept and plan again.',
  });
}
