import { databasesSchema, databasesSql } from '../postgres/database-sql.ts';
import { askIfAnswering } from './ask-live.ts';
import type { Handler } from './handler.ts';
import { keptDatabases, type KeptDatabaseRecord } from './kept-database.ts';

export const databaseKept: Handler<'database-kept'> = {
  async perform(host, _params, call) {
    const records = await keptDatabases(host);
    if (records.length === 0) return { kept: [] };
    const found = (await askIfAnswering(host, { sql: databasesSql }, databasesSchema, call)) ?? [];
    const kept = records.flatMap((record) => {
      const there = found.find(({ oid, name }) => oid === record.oid && name === record.name);
      const occupant = found.find(({ name }) => name === record.replaced)?.oid ?? null;
      return there === undefined ? [] : [{ ...keptOf(record), sizeBytes: there.sizeBytes, occupant }];
    });
    return { kept };
  },
};

function keptOf({ plan, replaced, name, oid, keptAt }: KeptDatabaseRecord) {
  return { plan, replaced, name, oid, keptAt };
}
