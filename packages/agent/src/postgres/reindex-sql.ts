/**
 * Per database the version of its collation as it was when it was made or last refreshed, and that of this host; null where there is none (C,
 * POSIX). Columns of collations count too, but those that no object uses are no reason (pg_database.datcollversion is of 15 and later).
 */
export const collationsSql = `SELECT coalesce(json_agg(json_build_object('name', datname, 'from', datcollversion,
    'to', pg_database_collation_actual_version(oid),
    'outdated', coalesce(datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid)
      AND datcollversion IS NOT NULL AND pg_database_collation_actual_version(oid) IS NOT NULL, false)) ORDER BY datname), '[]')
  FROM pg_database WHERE datallowconn;`;

/** Indexes with a key that some collation orders, other than C and POSIX; toast and temporary ones have none. */
export const outdatedIndexesSql = `SELECT coalesce(json_agg(format('%I.%I', n.nspname, c.relname) ORDER BY c.relpages DESC, c.oid), '[]')
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'i' AND c.relpersistence <> 't' AND EXISTS (
    SELECT FROM unnest(i.indcollation) AS used(collation_id) WHERE collation_id NOT IN (0, 950, 951));`;

/** By its quoted name. */
export function reindexSql(index: string): string {
  return `REINDEX INDEX ${index};`;
}

/** PostgreSQL warns no more, of the database and of collations that came with it. */
export function refreshScript(database: string): string {
  const name = `"${database.replaceAll('"', '""')}"`;
  return [
    `ALTER DATABASE ${name} REFRESH COLLATION VERSION;`,
    "SELECT format('ALTER COLLATION %I.%I REFRESH VERSION', n.nspname, c.collname) FROM pg_collation c",
    '  JOIN pg_namespace n ON n.oid = c.collnamespace',
    '  WHERE c.collversion IS DISTINCT FROM pg_collation_actual_version(c.oid) AND c.collversion IS NOT NULL \\gexec',
    '',
  ].join('\n');
}
