import path from 'node:path';
import type { Params } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { detachmentsSchema, detachmentsSql } from '../postgres/extract-detach-sql.ts';
import {
  doubledNames,
  dumpArgv,
  extractTableSchema,
  extractTablesSql,
  isMoved,
  moveScript,
  objectionTo,
  objectionToLoad,
  rowsSql,
  schemaMarkSchema,
  schemaMarkSql,
  type ExtractTable,
} from '../postgres/extract-sql.ts';
import { removeFile } from '../system/look-at-file.ts';
import { requirePlan } from './backup-lease.ts';
import { requireCopyProcess } from './copy-process.ts';
import { askJson, copyServer, sqlProgram, type SqlServer } from './copy-sql.ts';
import { executeOk } from './execute.ts';
import { claimExtractDirectory, isStillThere, readExtract, writeExtract, type ExtractRecord } from './extract-place.ts';
import { fileDigest } from './file-digest.ts';
import type { Call, Handler, Host } from './handler.ts';
import { copyState } from './scratch-promote.ts';
import { requireScratch } from './scratch-record.ts';
import { livePlaces, requireRoom, withSpaceGuard } from './space-guard.ts';

type DumpParams = Params<'extract-dump'>;

/** Counting and dumping take as long as they take; the operation's own limit ends them. */
const longMs = 24 * 3_600_000;
const longLimits = { statementTimeoutMs: longMs, lockTimeoutMs: 60_000, timeoutMs: longMs };

export const extractDump: Handler<'extract-dump'> = {
  async perform(host, params, call) {
    const plan = requirePlan(call);
    const place = await requireScratch(host, plan);
    await requireCopyProcess(place);
    if ((await copyState(host, place, call)).inRecovery)
      throw refused('the copy is still in recovery', 'promote it first');
    const server = { ...copyServer(host, place), database: params.database };
    const earlier = await readExtract(host, plan);
    if (earlier?.result && (await isStillThere(earlier))) return earlier.result;
    const prepared = (await movedBefore(server, plan, params, call)) ?? (await tablesOf(server, params, call));
    await requireRoomFor(host, prepared, place.parent);
    const record = await claimExtractDirectory(host, plan, params.schema);
    const { tables, leftOut } = await move(host, { plan, record, server, tables: prepared }, call);
    const rows = await countRows(server, tables, call);
    const file = path.join(record.directory.path, `${plan}.dump`);
    await dump(host, { server, tables, file }, call);
    const result = {
      ...(await fileDigest(file)),
      file,
      tables: params.tables.map((table, index) => ({ table, rows: rows[index] ?? 0 })),
      leftOut: [...leftOut],
    };
    await writeExtract(host, plan, { ...record, leftOut: result.leftOut, result });
    return result;
  },

  async observe(host, _params, call) {
    const record = await readExtract(host, requirePlan(call));
    if (!record?.result || !(await isStillThere(record))) return { is: 'absent' };
    return { is: 'complete', result: record.result };
  },
};

async function tablesOf(server: SqlServer, { tables, schema, database }: DumpParams, call: Call) {
  const found = await askJson(server, extractTablesSql(tables), z.array(extractTableSchema), call.signal);
  const chosen = tables.map((name) => {
    const one = found.find((other) => other.name === name) ?? undefined;
    const objection = objectionTo(name, one);
    const toLoad = schema === null || one === undefined ? null : objectionToLoad(one);
    if (toLoad !== null) throw refused(toLoad, 'Leave "into" out, and load the dump as a role without rights.');
    if (objection === null && one !== undefined) return one;
    throw refused(
      `${objection ?? name} (database ${database})`,
      'See what is there at the target with a drill and a probe, and plan again.',
    );
  });
  const doubled = schema === null ? [] : doubledNames(chosen);
  if (doubled.length > 0) {
    throw refused(`${doubled.join(', ')} would be there twice in one schema`, 'Extract one of them at a time.');
  }
  return chosen;
}

/** A dump is smaller than its tables as a rule, and never needs more than they do with their indexes. */
async function requireRoomFor(host: Host, tables: readonly ExtractTable[], directory: string): Promise<void> {
  const bytes = tables.reduce((total, one) => total + one.bytes, 0);
  await requireRoom(host, [{ path: directory, bytes }], await livePlaces(host));
}

/** In the schema that an interrupted try has moved them to; null when none has. */
async function movedBefore(
  server: SqlServer,
  plan: string,
  { tables, schema }: DumpParams,
  call: Call,
): Promise<ExtractTable[] | null> {
  if (schema === null) return null;
  const there = await askJson(server, schemaMarkSql(schema), schemaMarkSchema, call.signal);
  if (there === null) return null;
  if (!isMoved(there.mark, plan)) {
    // Tables of these names may be in it, from an earlier extract: they are not those that were asked for.
    throw refused(`the schema ${schema} is there at the target`, 'Name another one ("into").');
  }
  const names = tables.map((name) => `${schema}.${relationOf(name)}`);
  const found = await askJson(server, extractTablesSql(names), z.array(extractTableSchema), call.signal);
  return names.map((name) => {
    const moved = found.find((one) => one.name === name);
    if (moved) return moved;
    throw new Error(`${name} is not in the copy, though its schema has the mark of plan ${plan}`);
  });
}

interface Move {
  readonly plan: string;
  readonly record: ExtractRecord;
  readonly server: SqlServer;
  readonly tables: readonly ExtractTable[];
}

/** What is left out is recorded before anything is moved: a try that goes on after a crash cannot see it any more. */
async function move(host: Host, { plan, record, server, tables }: Move, call: Call) {
  const { schema } = record;
  if (schema === null || tables.every((one) => one.schema === schema)) return { tables, leftOut: record.leftOut };
  const names = tables.map((one) => one.name);
  const detachments = await askJson(server, detachmentsSql(names), detachmentsSchema, call.signal);
  const leftOut = detachments.map((one) => one.what);
  await writeExtract(host, plan, { ...record, leftOut });
  const script = moveScript(tables, detachments, { schema, plan });
  await executeOk(sqlProgram(server, script, longLimits), call.signal, 'postgres-failed');
  return { tables: tables.map((one) => ({ ...one, schema })), leftOut };
}

function relationOf(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}

async function countRows(server: SqlServer, tables: readonly ExtractTable[], call: Call): Promise<number[]> {
  call.progress('count', 0, null);
  const { stdout } = await executeOk(sqlProgram(server, rowsSql(tables), longLimits), call.signal, 'postgres-failed');
  return z.array(z.int()).parse(JSON.parse(stdout));
}

async function dump(
  host: Host,
  { server, tables, file }: { server: SqlServer; tables: readonly ExtractTable[]; file: string },
  call: Call,
): Promise<void> {
  // What an interrupted try has left.
  await removeFile(file);
  call.progress('dump', 0, null);
  const argv = dumpArgv({ ...server.target, database: server.database }, tables);
  const program = { argv, user: server.user, timeoutMs: longMs, background: true, stdoutFile: file };
  await withSpaceGuard(host, await livePlaces(host), call.signal, (guarded) =>
    executeOk(program, guarded, 'postgres-failed'),
  );
  await executeOk(
    { argv: ['/usr/bin/sync', '--', file, path.dirname(file)], user: null, timeoutMs: 600_000 },
    call.signal,
    'internal',
  );
}

export function refused(detail: string, next: string): ProblemError {
  return new ProblemError('extract-refused', `cannot extract: ${detail}`, {
    next: `${next} Live was not touched.`,
  });
}
