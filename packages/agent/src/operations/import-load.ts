import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { compareCounts, compareWithLive } from '../postgres/compare-counts.ts';
import { dressSql, ownerSql, statementsSchema } from '../postgres/database-sql.ts';
import { importAnalyzeArgv, importLoadArgv, importPlainArgv, importPsqlArgv } from '../postgres/import-argv.ts';
import { countsSchema, countsSql, likenessSchema, likenessSql, type Counts } from '../postgres/import-sql.ts';
import { expectedOf } from '../postgres/plain-dump.ts';
import { selectEntries } from '../postgres/restore-list.ts';
import { monotonicMs } from '../system/clock.ts';
import type { Program } from '../system/program.ts';
import { requirePlan } from './backup-lease.ts';
import { barmanPlaces } from './barman-places.ts';
import { askJson, liveServer, sqlProgram } from './copy-sql.ts';
import { execute, executeOk } from './execute.ts';
import { requireFresh, type Fresh } from './fresh-database.ts';
import type { Call, Handler, Host } from './handler.ts';
import { jobsOf } from './host-facts.ts';
import { listEntries } from './import-dump.ts';
import { readImport, writeImport, type ImportRecord } from './import-record.ts';
import {
  freshOf,
  importOf,
  importProgram,
  isPlain,
  secondsSince,
  type ImportSource,
  type PlainSource,
} from './import-source.ts';
import { databaseOf, liveBeside, runSql } from './live-database.ts';
import { readPlain, requirePlanned, withPlainFile } from './plain-source.ts';
import { whileReporting } from './report-bytes.ts';
import { livePlaces, withSpaceGuard, type GuardedPlace } from './space-guard.ts';

type LoadParams = Params<'import-load'>;

const longMs = 48 * 3_600_000;
const liveCountMs = 600_000;

export const importLoad: Handler<'import-load'> = {
  async perform(host, params, call) {
    const plan = requirePlan(call);
    const source = importOf(host, params.import);
    const startedAt = monotonicMs();
    const { counts } = requireDumped(await readImport(host, plan));
    const [fresh, guarded] = await Promise.all([requireFresh(source, plan, params, call), placesOfLoad(host, call)]);
    await writeImport(host, plan, { ...fresh.record, fresh: { ...requireMade(fresh.record), isEmpty: false } });
    const leftOut = isPlain(source)
      ? await loadPlain({ source, fresh, guarded, expected: params.sha256 }, call)
      : await load({ source, fresh, guarded, privileges: params.privileges }, call);
    call.progress('count', 0, null);
    const loaded = await countFresh(source, fresh.name, call);
    const differences = compareCounts(isPlain(source) ? expectedOf(counts, loaded) : counts, loaded);
    if (differences.length > 0) throw differs(differences);
    await analyze(source, fresh.name, call);
    await dress(host, params, fresh.name, call);
    const result = {
      ...(await summary({ host, params, fresh, loaded }, call)),
      leftOut: [...leftOut],
      seconds: secondsSince(startedAt),
    };
    await writeImport(host, plan, { ...(await readImport(host, plan)), loaded: result });
    return result;
  },

  async observe(host, _params, call) {
    const { loaded } = await readImport(host, requirePlan(call));
    return loaded === null ? { is: 'absent' } : { is: 'complete', result: loaded };
  },
};

function requireDumped({ dumped }: ImportRecord): NonNullable<ImportRecord['dumped']> {
  if (dumped !== null) return dumped;
  throw new ProblemError('import-failed', 'there is no complete dump of this plan', { next: 'run import-dump first' });
}

function requireMade({ fresh }: ImportRecord): NonNullable<ImportRecord['fresh']> {
  if (fresh !== null) return fresh;
  throw new Error('the fresh database was made and is not on record');
}

interface Loading {
  readonly source: ImportSource;
  readonly fresh: Fresh;
  readonly guarded: readonly GuardedPlace[];
  readonly privileges: boolean;
}

async function load({ source, fresh, guarded: places, privileges }: Loading, call: Call): Promise<readonly string[]> {
  const { host } = source;
  const { binDirectory } = host.server.postgres;
  const directory = fresh.record.directory?.path ?? '';
  const made = await madeBefore(host, fresh, call);
  const { list, leftOut } = selectEntries(await listEntries(source, directory, call), made);
  const listFile = path.join(directory, 'barback.list');
  await writeAsOwner(source, listFile, list, call);
  const to = freshOf(source, fresh.name);
  const argv = importLoadArgv({ binDirectory, to, directory, list: listFile, jobs: jobsOf(host), privileges });
  const program = importProgram(source, 'into', { argv, timeoutMs: longMs, background: true, environment });
  await carryOut({ host, fresh, guarded: places, program }, call);
  return leftOut;
}

/** Nothing of what is loaded counts before the renames, and their commit makes all of it durable. */
const environment = { PGOPTIONS: '-c synchronous_commit=off' };

interface LoadingPlain extends Pick<Loading, 'fresh' | 'guarded'> {
  readonly source: PlainSource;
  readonly expected: string | undefined;
}

/** Read once more through the very descriptor that psql gets. */
async function loadPlain({ source, fresh, guarded, expected }: LoadingPlain, call: Call): Promise<readonly string[]> {
  const { host } = source;
  const { binDirectory } = host.server.postgres;
  await withPlainFile(source, async (opened) => {
    const read = await readPlain(opened, call);
    requirePlanned(read, expected);
    const key = read.dump.key === null ? randomBytes(24).toString('hex') : null;
    const argv = importPlainArgv(binDirectory, freshOf(source, fresh.name), key);
    const work = { argv, timeoutMs: longMs, background: true, environment, stdinFd: opened.fd };
    await carryOut({ host, fresh, guarded, program: importProgram(source, 'into', work) }, call);
  });
  return [];
}

interface CarryingOut extends Pick<Loading, 'fresh' | 'guarded'> {
  readonly host: Host;
  readonly program: Program;
}

async function carryOut({ host, fresh, guarded: places, program }: CarryingOut, call: Call): Promise<void> {
  const live = liveBeside(host, [fresh.name]);
  await withSpaceGuard(host, places, call.signal, (guarded) =>
    whileReporting(
      async () => (await databaseOf(live, fresh.oid, call))?.sizeBytes ?? 0,
      (bytes) => call.progress('load', bytes, null),
      () => executeOk(program, guarded, 'import-failed'),
    ),
  );
}

/** Everything that is loaded is WAL too, which Barman keeps until its retention ends (T44). */
async function placesOfLoad(host: Host, call: Call): Promise<GuardedPlace[]> {
  const [live, { home }] = await Promise.all([livePlaces(host), barmanPlaces(host, call.signal)]);
  return [...live, { role: 'barman', path: home }];
}

async function madeBefore(host: Host, { record, name }: Fresh, call: Call) {
  const sql = `SELECT coalesce(json_agg(extname), '[]') FROM pg_extension WHERE extname <> 'plpgsql';`;
  const server = { ...liveBeside(host, [name]), database: name };
  const extensions = await askJson(server, sql, z.array(z.string()), call.signal);
  return { extensions, schemas: record.fresh?.schemas ?? [] };
}

/** By the user that the directory belongs to: the agent writes nothing, as root, where somebody else can plant a link. */
async function writeAsOwner(source: ImportSource, file: string, text: string, call: Call): Promise<void> {
  const argv = ['/usr/bin/dd', `of=${file}`, 'status=none'];
  await executeOk(importProgram(source, 'into', { argv, stdin: text, timeoutMs: 60_000 }), call.signal, 'internal');
}

/** As the role: nothing that came from elsewhere is executed as a superuser. */
async function countFresh(source: ImportSource, database: string, call: Call): Promise<Counts> {
  const argv = importPsqlArgv(source.host.server.postgres.binDirectory, freshOf(source, database));
  const stdin = `SET search_path = pg_catalog;\nSET statement_timeout = 0;\n${countsSql}`;
  const program = importProgram(source, 'into', { argv, stdin, timeoutMs: longMs });
  return countsSchema.parse(JSON.parse((await executeOk(program, call.signal, 'import-failed')).stdout));
}

async function analyze(source: ImportSource, database: string, call: Call): Promise<void> {
  const { host } = source;
  call.progress('analyze', 0, null);
  const argv = importAnalyzeArgv(host.server.postgres.binDirectory, freshOf(source, database), jobsOf(host));
  const program = importProgram(source, 'into', { argv, timeoutMs: longMs, background: true });
  await executeOk(program, call.signal, 'import-failed');
}

/** What belongs to the database and not to its contents comes from the one that it is to replace. */
async function dress(host: Host, { oid, database }: LoadParams, fresh: string, call: Call): Promise<void> {
  const live = liveBeside(host, [fresh, database]);
  const { owner } = await askJson(live, likenessSql(oid), likenessSchema, call.signal);
  const statements = await askJson(live, dressSql(oid, fresh), statementsSchema, call.signal);
  await runSql(live, ['BEGIN;', ...statements, ownerSql(fresh, owner), 'COMMIT;', ''].join('\n'), call);
}

/** Null when it cannot be counted within its limit: it is told beside what was loaded, and decides nothing. */
async function countLive(host: Host, database: string, call: Call): Promise<Counts | null> {
  const limits = { statementTimeoutMs: liveCountMs, lockTimeoutMs: 2_000, timeoutMs: liveCountMs + 30_000 };
  const outcome = await execute(sqlProgram({ ...liveServer(host), database }, countsSql, limits), call.signal);
  if (outcome.exitCode === 0) return countsSchema.parse(JSON.parse(outcome.stdout));
  call.log(`cannot count ${database}: ${outcome.stderr.trim().slice(-300)}`);
  return null;
}

interface Loaded {
  readonly host: Host;
  readonly params: LoadParams;
  readonly fresh: Fresh;
  readonly loaded: Counts;
}

async function summary({ host, params, fresh, loaded }: Loaded, call: Call) {
  const live = await countLive(host, params.database, call);
  const size = await databaseOf(liveBeside(host, [fresh.name]), fresh.oid, call);
  return {
    database: fresh.name,
    oid: fresh.oid,
    tables: loaded.tables.length,
    rows: loaded.tables.reduce((total, one) => total + one.rows, 0),
    sequences: loaded.sequences.length,
    sizeBytes: size?.sizeBytes ?? 0,
    ...compareWithLive(loaded, live),
  } satisfies Partial<Result<'import-load'>>;
}

function differs(differences: readonly string[]): ProblemError {
  return new ProblemError('import-differs', `what was loaded is not what the source held: ${differences[0]}`, {
    next: 'Live was not touched, and what was loaded is dropped. Plan again; if it stays so, look at triggers and rules of the table.',
    facts: { differences: differences.slice(0, 20) },
  });
}
