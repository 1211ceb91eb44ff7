import type { Params } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { besideDatabase } from '../postgres/database-names.ts';
import { dropDatabaseSql } from '../postgres/database-sql.ts';
import {
  createDatabaseSql,
  createExtensionSql,
  likenessSchema,
  likenessSql,
  ofServer,
  sourceFactsSchema,
  sourceSql,
} from '../postgres/import-sql.ts';
import { askJson, liveServer, type SqlServer } from './copy-sql.ts';
import type { Call, Host } from './handler.ts';
import { readImport, writeImport, type ImportRecord } from './import-record.ts';
import { askSourceJson, enterAsRole, isPlain, type ImportSource } from './import-source.ts';
import { plainFacts } from './plain-source.ts';
import { databaseNamed, liveBeside, requireDatabase, runSql } from './live-database.ts';

type Onto = Pick<Params<'import-prepare'>, 'database' | 'oid' | 'extensions'>;

export interface Fresh {
  readonly record: ImportRecord;
  readonly name: string;
  readonly oid: number;
}

/** The fresh database of a plan, empty but for what only a superuser can make; what an interrupted try has loaded goes. */
export async function requireFresh(source: ImportSource, plan: string, onto: Onto, call: Call): Promise<Fresh> {
  const { host } = source;
  const record = await readImport(host, plan);
  const name = besideDatabase(onto.database, 'import', plan);
  const live = liveBeside(host, [onto.database, name]);
  await requireDatabase(live, onto.database, onto.oid, call);
  const found = await databaseNamed(live, name, call);
  if (found && record.fresh?.oid === found.oid && record.fresh.isEmpty) return { record, name, oid: found.oid };
  if (found) await dropOurs(live, record, name, call);
  return makeFresh({ source, plan, onto, live, record, name }, call);
}

interface Making {
  readonly source: ImportSource;
  readonly plan: string;
  readonly onto: Onto;
  readonly live: SqlServer;
  readonly record: ImportRecord;
  readonly name: string;
}

async function makeFresh({ source, plan, onto, live, record, name }: Making, call: Call): Promise<Fresh> {
  const { host, config } = source;
  const { role } = config.into;
  const like = await askJson(live, likenessSql(onto.oid), likenessSchema, call.signal);
  // Before it is made: a database of this name is ours from here on.
  await writeImport(host, plan, { ...record, fresh: { name, oid: null, isEmpty: false, schemas: [] }, loaded: null });
  await runSql(live, createDatabaseSql(name, role, like), call);
  const oid = (await databaseNamed(live, name, call))?.oid;
  if (oid === undefined) throw new Error(`cannot find the database ${name}, which was just made`);
  const written = { ...record, fresh: { name, oid, isEmpty: false, schemas: [] }, loaded: null };
  await writeImport(host, plan, written);
  const schemas = await makeExtensions(source, { ...liveServer(host), database: name }, onto, call);
  await enterAsRole(source, name, call);
  const done = await writeImport(host, plan, { ...written, fresh: { name, oid, isEmpty: true, schemas } });
  return { record: done, name, oid };
}

/** Answers the schemas that were made for them, which the dump would make too. */
async function makeExtensions(source: ImportSource, fresh: SqlServer, { extensions }: Onto, call: Call) {
  if (extensions.length === 0) return [];
  const schemas = new Set<string>();
  const facts = isPlain(source)
    ? await plainFacts(source, call)
    : await askSourceJson(source, sourceSql, sourceFactsSchema, call);
  for (const name of extensions) {
    const one = facts.extensions.find((extension) => extension.name === name);
    if (one === undefined) throw gone(name);
    await runSql(fresh, createExtensionSql(one, source.config.into.role), call);
    if (!ofServer.test(one.schema)) schemas.add(one.schema);
  }
  return [...schemas];
}

async function dropOurs(live: SqlServer, { fresh }: ImportRecord, name: string, call: Call): Promise<void> {
  if (fresh?.name !== name) {
    throw new ProblemError('import-refused', `a database ${name} is there, and this plan has not made it`, {
      next: 'Nothing was changed. Look at it and drop it by hand if it is not needed.',
    });
  }
  await runSql(live, dropDatabaseSql(name), call);
}

/** Drops the fresh database unless it was given another name; answers its name when there was one. */
export async function discardFresh(host: Host, plan: string, call: Pick<Call, 'signal'>): Promise<string | null> {
  const { fresh } = await readImport(host, plan);
  if (fresh === null) return null;
  const live = liveBeside(host, [fresh.name]);
  const found = await databaseNamed(live, fresh.name, call);
  if (found === undefined || (fresh.oid !== null && found.oid !== fresh.oid)) return null;
  await runSql(live, dropDatabaseSql(fresh.name), call);
  return fresh.name;
}

function gone(name: string): ProblemError {
  return new ProblemError('import-refused', `the source has no extension ${name} any more`, {
    next: 'Nothing of live was changed: plan again.',
  });
}
