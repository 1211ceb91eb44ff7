import type { Params, Result } from '@barback/shared/operations/index.ts';
import { z } from 'zod';
import { keyedTablesSql, parseRanges, rangesScript, type KeyedTable, type TableRange } from '../postgres/key-ranges.ts';
import { requirePlan } from './backup-lease.ts';
import { requireCopyProcess, serverProcess } from './copy-process.ts';
import { askJson, copyServer, liveServer, lockTimeoutFor, sqlProgram, type SqlServer } from './copy-sql.ts';
import { execute } from './execute.ts';
import type { Call, Handler } from './handler.ts';
import { requireScratch } from './scratch-record.ts';

type CompareParams = Params<'table-compare'>;
type Side = Result<'table-compare'>['tables'][number]['copy'];

const keyedSchema = z.array(z.strictObject({ name: z.string(), quoted: z.string(), key: z.string().nullable() }));
const absent: Side = { rows: null, first: null, last: null, note: 'it is not there' };

export const tableCompare: Handler<'table-compare'> = {
  async perform(host, params, call) {
    const place = await requireScratch(host, requirePlan(call));
    await requireCopyProcess(place);
    const copy = await readSide(
      copyServer(host, place),
      params,
      'locked by the transaction that is being undone',
      call,
    );
    const runs = await serverProcess(host.server.postgres.dataDirectory);
    const live = runs ? await readSide(liveServer(host), params, 'locked on live', call) : null;
    return {
      tables: params.tables.map((table) => ({
        table,
        key: copy.get(table)?.key ?? live?.get(table)?.key ?? null,
        copy: copy.get(table)?.side ?? absent,
        live: live === null ? null : (live.get(table)?.side ?? absent),
      })),
    };
  },
};

async function readSide(
  where: SqlServer,
  { database, tables, statementTimeoutMs }: CompareParams,
  locked: string,
  call: Call,
): Promise<ReadonlyMap<string, { readonly key: string | null; readonly side: Side }>> {
  const server = { ...where, database };
  const found = await askJson(server, keyedTablesSql(tables), keyedSchema, call.signal);
  const ranges = await readRanges(server, found, { statementTimeoutMs, locked }, call);
  return new Map(found.map((one, index) => [one.name, { key: one.key, side: ranges[index] ?? absent }]));
}

async function readRanges(
  server: SqlServer,
  tables: readonly KeyedTable[],
  { statementTimeoutMs, locked }: { statementTimeoutMs: number; locked: string },
  call: Call,
): Promise<TableRange[]> {
  if (tables.length === 0) return [];
  const limits = { statementTimeoutMs, lockTimeoutMs: lockTimeoutFor(statementTimeoutMs), timeoutMs: 110_000 };
  const outcome = await execute(sqlProgram(server, rangesScript(tables), limits), call.signal);
  return parseRanges(outcome.stdout, tables, locked);
}
