import type { Params, Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import {
  completeSchemaSql,
  createSchemaScript,
  dropSchemaSql,
  everythingPublishedSql,
  isLoaded,
  isOurs,
  restoreArgv,
  rowsSql,
  schemaMarkSchema,
  schemaMarkSql,
} from '../postgres/extract-sql.ts';
import { openRegular } from '../system/open-file.ts';
import { requirePlan } from './backup-lease.ts';
import { askJson, liveServer, sqlProgram, type SqlServer } from './copy-sql.ts';
import { executeOk } from './execute.ts';
import { refused } from './extract-dump.ts';
import { isStillThere, readExtract } from './extract-place.ts';
import type { Call, Handler, Host } from './handler.ts';
import { livePlaces, withSpaceGuard } from './space-guard.ts';

type Dumped = Result<'extract-dump'>;

const longMs = 24 * 3_600_000;
const longLimits = { statementTimeoutMs: longMs, lockTimeoutMs: 60_000, timeoutMs: longMs };

export const extractLoad: Handler<'extract-load'> = {
  async perform(host, params, call) {
    const plan = requirePlan(call);
    const dumped = await requireDump(host, plan, params.schema);
    const live = liveOf(host, params);
    if (await requireNewSchema(live, { plan, schema: params.schema }, call)) await drop(live, params.schema, call);
    await run(live, createSchemaScript(params.schema, plan), call);
    try {
      await load(host, live, dumped.file, call);
      const tables = await countLoaded(live, params.schema, dumped, call);
      await run(live, completeSchemaSql(params.schema, plan), call);
      return { schema: params.schema, tables };
    } catch (error) {
      // Also after a cancel: what was begun does not stay.
      await drop(live, params.schema, { ...call, signal: new AbortController().signal });
      throw error;
    }
  },

  async observe(host, params, call) {
    const plan = requirePlan(call);
    const dumped = await requireDump(host, plan, params.schema);
    const live = liveOf(host, params);
    const there = await markOf(live, params.schema, call);
    if (!isLoaded(there?.mark, plan)) return { is: 'absent' };
    return { is: 'complete', result: { schema: params.schema, tables: dumped.tables } };
  },
};

/** Whether the plan itself has begun it; refuses one that is somebody else's, and a live on which it would not stay alone. */
export async function requireNewSchema(
  live: SqlServer,
  { plan, schema }: { readonly plan: string; readonly schema: string },
  call: Call,
): Promise<boolean> {
  const there = await markOf(live, schema, call);
  if (there !== null && !isOurs(there.mark, plan)) {
    throw refused(
      `the schema ${schema} exists on live`,
      'Name another one ("into"), or drop that one if nobody needs it.',
    );
  }
  const published = await askJson(live, everythingPublishedSql, z.array(z.string()), call.signal);
  if (published.length > 0) {
    throw refused(
      `live publishes all tables (${published.join(', ')}), and subscribers that lack the loaded ones would stop`,
      'Leave "into" out, and load the dump where nobody subscribes.',
    );
  }
  return there !== null;
}

export function liveOf(host: Host, { database }: Pick<Params<'extract-load'>, 'database'>): SqlServer {
  return { ...liveServer(host), database };
}

export async function markOf(live: SqlServer, schema: string, call: Call) {
  return askJson(live, schemaMarkSql(schema), schemaMarkSchema, call.signal);
}

export async function drop(live: SqlServer, schema: string, call: Call): Promise<void> {
  await run(live, dropSchemaSql(schema), call);
}

async function run(live: SqlServer, sql: string, call: Call): Promise<string> {
  return (await executeOk(sqlProgram(live, sql, longLimits), call.signal, 'postgres-failed')).stdout;
}

async function requireDump(host: Host, plan: string, schema: string): Promise<Dumped> {
  const record = await readExtract(host, plan);
  if (record?.result && record.schema === schema && (await isStillThere(record))) return record.result;
  throw refused(`plan ${plan} has no complete dump for the schema ${schema}`, 'Make a new plan.');
}

async function load(host: Host, live: SqlServer, file: string, call: Call): Promise<void> {
  const opened = await openRegular(file);
  if (!opened) throw refused(`${file} is gone`, 'Make a new plan.');
  try {
    call.progress('load', 0, opened.size);
    const argv = restoreArgv({ ...live.target, database: live.database });
    const program = { argv, user: live.user, timeoutMs: longMs, background: true, stdinFd: opened.fd };
    await withSpaceGuard(host, await livePlaces(host), call.signal, (guarded) =>
      executeOk(program, guarded, 'postgres-failed'),
    );
  } finally {
    await opened.close();
  }
}

/** Every row of the copy arrived, no more and no less: nobody else knows the schema yet. */
async function countLoaded(live: SqlServer, schema: string, dumped: Dumped, call: Call): Promise<Dumped['tables']> {
  const relations = dumped.tables.map(({ table }) => ({ schema, relation: table.slice(table.indexOf('.') + 1) }));
  const rows = z.array(z.int()).parse(JSON.parse(await run(live, rowsSql(relations), call)));
  const odd = dumped.tables.filter((one, index) => one.rows !== rows[index]);
  if (odd.length === 0) return dumped.tables;
  throw new ProblemError(
    'comparison-failed',
    `not every row arrived: ${odd.map((one) => `${one.table} has ${one.rows} in the copy`).join('; ')}`,
    {
      next: `The schema ${schema} was dropped again, and the dump goes with the run. Look at event triggers of live, or plan again without "into" and load the dump by hand.`,
    },
  );
}
