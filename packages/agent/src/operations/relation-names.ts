import { z } from 'zod';
import { relationNamesMax } from '@barback/shared/operations/relation-names.ts';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import { databaseNamesSql, relationNamesSql } from '../postgres/relation-names.ts';
import { serverProcess } from './copy-process.ts';
import { askJson, liveServer, type SqlServer } from './copy-sql.ts';
import type { Call, Handler, Host } from './handler.ts';

type Names = Result<'relation-names'>;

const databasesSchema = z.strictObject({
  lsn: z.string(),
  databases: z.array(z.strictObject({ oid: z.int(), name: z.string(), connect: z.boolean() })),
});

const relationRow = z.tuple([
  z.int(),
  z.string().nullable(),
  z.string(),
  z.string(),
  z.string(),
  z.int().nullable(),
  z.int().nullable(),
]);

const relationsSchema = z.strictObject({
  relations: z.array(relationRow),
  catalogues: z.array(z.strictObject({ file: z.string(), oid: z.int() })),
});

const nothing: Names = { available: false, lsn: null, databases: [], relations: [], catalogues: [], next: null };

/** Reads the catalogues of one database after the other, from where the last request ended. */
export const relationNames: Handler<'relation-names'> = {
  async perform(host, params, call) {
    if (!(await serverProcess(host.server.postgres.dataDirectory))) return nothing;
    const server = liveServer(host);
    try {
      return await readNames(host, server, params, call);
    } catch (error) {
      if (call.signal.aborted) throw error;
      call.log(`live does not answer: ${error instanceof Error ? error.message : String(error)}`);
      return nothing;
    }
  },
};

async function readNames(
  _host: Host,
  server: SqlServer,
  { after }: Params<'relation-names'>,
  call: Call,
): Promise<Names> {
  const known = await askJson(server, databaseNamesSql, databasesSchema, call.signal);
  const relations: Names['relations'] = [];
  const catalogues: Names['catalogues'] = [];
  const databases = known.databases.map(({ oid, name }) => ({ oid, name }));
  for (const database of known.databases) {
    if (!database.connect || database.oid < (after?.database ?? 0)) continue;
    const afterOid = database.oid === after?.database ? after.oid : 0;
    const inside = { ...server, database: database.name };
    const found = await askJson(inside, relationNamesSql(afterOid), relationsSchema, call.signal);
    catalogues.push(...found.catalogues);
    relations.push(...found.relations.map((row) => relationOf(database.oid, row)));
    const last = found.relations.at(-1);
    if (relations.length >= relationNamesMax && last) {
      return {
        available: true,
        lsn: known.lsn,
        databases,
        relations,
        catalogues,
        next: { database: database.oid, oid: last[0] },
      };
    }
  }
  return { available: true, lsn: known.lsn, databases, relations, catalogues, next: null };
}

function relationOf(database: number, row: z.infer<typeof relationRow>): Names['relations'][number] {
  const [oid, file, schema, name, kind, owner, rows] = row;
  return { database, oid, file, schema, name, kind, owner, rows };
}
