import { partsOfFile } from '@barback/shared/postgres/relation-file.ts';
import { and, desc, eq, type SQL } from 'drizzle-orm';
import type { Reader } from '../db/database.ts';
import { databaseNames, relationNames } from '../db/wal-schema.ts';
import type { KnownRelation, RelationMemory } from '../incidents/relation-memory.ts';

/** The remembered names of a server's relations: each is asked for once, for as long as one answer is made. */
export function loadRelationMemory(reader: Reader, server: string): RelationMemory {
  const rowsWhere = (condition: SQL | undefined) =>
    reader
      .select()
      .from(relationNames)
      .where(and(eq(relationNames.server, server), condition))
      .orderBy(desc(relationNames.lastSeenAt))
      .all();
  const withOid = (database: number, oid: number) =>
    rowsWhere(and(eq(relationNames.database, database), eq(relationNames.oid, oid)));
  const newest = (rows: ReturnType<typeof rowsWhere>): KnownRelation | undefined => {
    const [row] = rows;
    if (!row) return undefined;
    const { database, oid, schema, name, kind, owner, rows: estimate } = row;
    return { database, oid, schema, name, kind, owner, rows: estimate };
  };
  const named = once((place: string) => {
    const [database = 0, oid = 0] = place.split('/').map(Number);
    return newest(withOid(database, oid));
  });
  return {
    byFile: once((file) => {
      const seen = newest(rowsWhere(eq(relationNames.file, file)));
      if (seen) return seen;
      // A relation's first file has its OID as number, which no other file gets before all OIDs were given out (PostgreSQL, heap.c).
      const { database, number } = partsOfFile(file);
      return newest(withOid(database, number));
    }),
    byOid: (database, oid) => named(`${database}/${oid}`),
    filesOf: ({ database, oid }) => withOid(database, oid).map((row) => row.file),
    databaseName: (oid) =>
      reader
        .select({ name: databaseNames.name })
        .from(databaseNames)
        .where(and(eq(databaseNames.server, server), eq(databaseNames.oid, oid)))
        .get()?.name,
  };
}

function once<T>(ask: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined || known.has(key)) return found as T;
    const answer = ask(key);
    known.set(key, answer);
    return answer;
  };
}
