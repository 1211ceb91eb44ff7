import type { Result } from '@barback/shared/operations/index.ts';
import { z } from 'zod';
import { collationsSql, outdatedIndexesSql, refreshScript, reindexSql } from '../postgres/reindex-sql.ts';
import { monotonicMs } from '../system/clock.ts';
import { askJson, liveServer, sqlProgram, type SqlLimits } from './copy-sql.ts';
import { executeOk } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';

type Reindexed = Result<'live-reindex'>['databases'][number];

const collationsSchema = z.array(
  z.strictObject({ name: z.string(), from: z.string().nullable(), to: z.string().nullable(), outdated: z.boolean() }),
);
const indexesSchema = z.array(z.string());

const limits: SqlLimits = { statementTimeoutMs: 0, lockTimeoutMs: 0, timeoutMs: 47 * 3_600_000 };

export const liveReindex: Handler<'live-reindex'> = {
  async perform(host, _params, call) {
    const startedAt = monotonicMs();
    const databases: Reindexed[] = [];
    const all = await askJson(liveServer(host), collationsSql, collationsSchema, call.signal);
    for (const { name, from, to } of all.filter(({ outdated }) => outdated)) {
      databases.push({ name, from, to, indexes: await reindex(host, name, call) });
    }
    return { databases, seconds: (monotonicMs() - startedAt) / 1000 };
  },

  /** What is done already is not outdated any more: performing again does the rest. */
  observe: () => Promise.resolve({ is: 'absent' }),
};

/** The version is set last: until then a repetition does it all again. */
async function reindex(host: Host, database: string, call: Call): Promise<number> {
  const server = { ...liveServer(host), database };
  const indexes = await askJson(server, outdatedIndexesSql, indexesSchema, call.signal);
  for (const [done, index] of indexes.entries()) {
    call.progress(`indexes of ${database}`, done, indexes.length);
    await executeOk(sqlProgram(server, reindexSql(index), limits), call.signal, 'postgres-failed');
  }
  await executeOk(sqlProgram(server, refreshScript(database), limits), call.signal, 'postgres-failed');
  return indexes.length;
}
