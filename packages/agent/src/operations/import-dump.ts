import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { importDumpArgv, importListArgv } from '../postgres/import-argv.ts';
import type { Counts } from '../postgres/import-sql.ts';
import { parseRestoreList, tablesWithData, type ListEntry } from '../postgres/restore-list.ts';
import { monotonicMs } from '../system/clock.ts';
import { treeBytes } from '../system/directory-tree.ts';
import { requirePlan } from './backup-lease.ts';
import { executeOk } from './execute.ts';
import type { Call, Handler } from './handler.ts';
import { jobsOf } from './host-facts.ts';
import { readImport, renewDumpDirectory, writeImport, type ImportRecord } from './import-record.ts';
import {
  askSourceJson,
  importOf,
  importProgram,
  isPlain,
  requireValid,
  secondsSince,
  sourceOf,
  type ImportSource,
  type PlainSource,
  type ServerSource,
} from './import-source.ts';
import { readPlain, requirePlanned, withPlainFile } from './plain-source.ts';
import { whileReporting } from './report-bytes.ts';
import { scratchPlace } from './scratch-place.ts';
import { withSnapshot } from './source-snapshot.ts';
import { livePlaces, requireRoom, withSpaceGuard } from './space-guard.ts';

const longMs = 48 * 3_600_000;

export const importDump: Handler<'import-dump'> = {
  async perform(host, params, call) {
    const plan = requirePlan(call);
    const source = importOf(host, params.import);
    requireValid(source);
    const known = await readImport(host, plan);
    if (known.dumped !== null) return known.dumped.result;
    if (isPlain(source)) return countPlain({ source, plan, known, expected: params.sha256 }, call);
    const startedAt = monotonicMs();
    const bytes = await askSourceJson(source, 'SELECT pg_database_size(current_database());', z.int(), call);
    // What is dumped is smaller than its database as a rule: no indexes, and compressed.
    await requireRoom(host, [{ path: scratchPlace(host, plan).parent, bytes }], await livePlaces(host));
    const record = await renewDumpDirectory(host, plan, known);
    const directory = record.directory?.path ?? '';
    const counts = await withSnapshot(source, (snapshot) => dump(source, { directory, snapshot, bytes }, call), call);
    requireEveryTable(counts, await listEntries(source, directory, call));
    const result = { ...summary(counts), bytes: await treeBytes(directory), seconds: secondsSince(startedAt) };
    await writeImport(host, plan, { ...record, dumped: { counts, result } });
    return result;
  },

  async observe(host, _params, call) {
    const { dumped } = await readImport(host, requirePlan(call));
    return dumped === null ? { is: 'absent' } : { is: 'complete', result: dumped.result };
  },
};

interface Counting {
  readonly source: PlainSource;
  readonly plan: string;
  readonly known: ImportRecord;
  readonly expected: string | undefined;
}

/** There is a dump already: it is read to its end, and stays where it is. */
async function countPlain({ source, plan, known, expected }: Counting, call: Call): Promise<Result<'import-dump'>> {
  const startedAt = monotonicMs();
  const read = await withPlainFile(source, (opened) => readPlain(opened, call));
  requirePlanned(read, expected);
  const counts = { at: '', tables: [...read.dump.tables], sequences: [...read.dump.sequences] };
  const result = { ...summary(counts), snapshotAt: null, bytes: read.bytes, seconds: secondsSince(startedAt) };
  await writeImport(source.host, plan, { ...known, dumped: { counts, result } });
  return result;
}

interface Dumping {
  readonly directory: string;
  readonly snapshot: string;
  /** Size of the database at the source. */
  readonly bytes: number;
}

async function dump(source: ServerSource, { directory, snapshot, bytes }: Dumping, call: Call): Promise<void> {
  const { host } = source;
  const { binDirectory } = host.server.postgres;
  // pg_dump makes its directory itself, and refuses one that is not empty.
  const argv = importDumpArgv({ binDirectory, from: sourceOf(source), directory, snapshot, jobs: jobsOf(host) });
  const program = importProgram(source, 'source', { argv, timeoutMs: longMs, background: true });
  await withSpaceGuard(host, await livePlaces(host), call.signal, (guarded) =>
    whileReporting(
      () => treeBytes(directory),
      (done) => call.progress('dump', Math.min(done, bytes), bytes),
      () => executeOk(program, guarded, 'import-failed'),
    ),
  );
}

export async function listEntries(source: ImportSource, directory: string, call: Call): Promise<ListEntry[]> {
  const argv = importListArgv(source.host.server.postgres.binDirectory, directory);
  const program = importProgram(source, 'into', { argv, timeoutMs: 600_000 });
  return parseRestoreList((await executeOk(program, call.signal, 'import-failed')).stdout);
}

/** What the archive's own table of contents says is there; that it is, the load and its counts show. */
function requireEveryTable({ tables }: Counts, entries: readonly ListEntry[]): void {
  const found = tablesWithData(entries);
  if (found >= tables.length) return;
  throw new ProblemError('import-failed', `the dump has rows of ${found} tables, the source has ${tables.length}`, {
    next: 'Live was not touched. Look whether the role may read every table, and plan again.',
  });
}

function summary({ at, tables, sequences }: Counts): Omit<Result<'import-dump'>, 'bytes' | 'seconds'> {
  return {
    snapshotAt: at,
    tables: tables.length,
    rows: tables.reduce((total, one) => total + one.rows, 0),
    sequences: sequences.length,
  };
}
