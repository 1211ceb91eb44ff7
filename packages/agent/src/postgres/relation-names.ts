import { relationNamesMax } from '@barback/shared/operations/relation-names.ts';

/** Every database that can be asked, by OID. */
export const databaseNamesSql = `SELECT json_build_object('lsn', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
  ELSE pg_current_wal_insert_lsn() END::text, 'databases', (SELECT json_agg(json_build_object('oid', oid::int8, 'name', datname,
  'connect', datallowconn) ORDER BY oid) FROM pg_database));`;

/** OIDs from here on belong to users' objects (FirstNormalObjectId). */
const firstUserOid = 16_384;

/** pg_default: relations of a database without a tablespace of its own name it by 0. */
const defaultTablespace = '(SELECT dattablespace FROM pg_database WHERE datname = current_database())';

/**
 * Permanent relations behind an OID, with the file that WAL names them by, and catalogues whose file is another than their OID.
 * `pg_relation_filenode` also knows mapped catalogues. Columns as arrays: there may be tens of thousands.
 */
export function relationNamesSql(afterOid: number): string {
  const file = `coalesce(nullif(c.reltablespace, 0), ${defaultTablespace})::int8 || '/' ||
    CASE WHEN c.relisshared THEN '0' ELSE (SELECT oid::int8::text FROM pg_database WHERE datname = current_database()) END
    || '/' || pg_relation_filenode(c.oid)::int8`;
  return `SELECT json_build_object(
    'relations', (SELECT coalesce(json_agg(json_build_array(oid, file, schema, name, kind, owner, rows) ORDER BY oid), '[]') FROM (
      SELECT c.oid::int8 AS oid, ${file} AS file, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
        coalesce(x.indrelid, t.oid)::int8 AS owner, CASE WHEN c.reltuples >= 0 THEN c.reltuples::int8 END AS rows
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_index x ON x.indexrelid = c.oid LEFT JOIN pg_class t ON t.reltoastrelid = c.oid
      WHERE c.oid >= ${firstUserOid} AND c.oid > ${afterOid} AND c.relpersistence <> 't' AND c.relkind IN ('r','m','p','i','I','t','S')
      ORDER BY c.oid LIMIT ${relationNamesMax}) AS r),
    'catalogues', (SELECT coalesce(json_agg(json_build_object('file', ${file}, 'oid', c.oid::int8)), '[]') FROM pg_class c
      WHERE c.oid < ${firstUserOid} AND c.relkind = 'r' AND pg_relation_filenode(c.oid) <> c.oid));`;
}
