import { z } from 'zod';
import { identifier, literal } from './sql-quote.ts';

/** Every database by its oid, which a rename does not change. */
export const databasesSql = `SELECT json_agg(json_build_object('oid', oid::bigint, 'name', datname, 'sizeBytes', pg_database_size(oid)) ORDER BY oid)
  FROM pg_database;`;

export const databasesSchema = z.array(z.strictObject({ oid: z.int(), name: z.string(), sizeBytes: z.int() }));

/** PostgreSQL lets not even a superuser in then (15, CheckMyDatabase in postinit.c); autovacuum goes on. */
export function admitSql(database: string, admits: boolean): string {
  return `ALTER DATABASE ${identifier(database)} ALLOW_CONNECTIONS ${admits};\n`;
}

/** Ends the sessions of a database (counted, not filtered by: a condition may be tried on the sessions of others); who is there now, with transactions that are prepared and end by nobody. */
export function endSessionsSql(oid: number): string {
  return `SELECT json_build_object(
    'ended', (SELECT count(CASE WHEN pg_terminate_backend(pid) THEN 1 END) FROM pg_stat_activity
      WHERE datid = ${oid} AND backend_type <> 'autovacuum worker'),
    'prepared', (SELECT coalesce(json_agg(gid ORDER BY gid), '[]') FROM pg_prepared_xacts x JOIN pg_database d ON d.datname = x.database WHERE d.oid = ${oid}));`;
}

export const endSessionsSchema = z.strictObject({ ended: z.int(), prepared: z.array(z.string()) });

/** The privileges on a database, as statements for another one. */
export function grantsSql(from: number, to: string): string {
  return `SELECT coalesce(json_agg(format('GRANT %s ON DATABASE %s TO %s%s;', privilege_type, ${literal(identifier(to))},
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
    CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)), '[]')
  FROM pg_database d, aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE d.oid = ${from};`;
}

/** Settings that hold a list whose elements are quoted already (15–18, variable_is_guc_list_quote in dumputils.c). */
const lists = [
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
];

/** What ALTER DATABASE has set on a database, also for single roles, its limit and its comment, as statements for another one. */
export function dressSql(from: number, to: string): string {
  const name = literal(identifier(to));
  const value = `CASE WHEN lower(split_part(c, '=', 1)) IN (${lists.map(literal).join(', ')})
    THEN substr(c, strpos(c, '=') + 1) ELSE quote_literal(substr(c, strpos(c, '=') + 1)) END`;
  return `SELECT json_build_array(
    (SELECT format('ALTER DATABASE %s CONNECTION LIMIT %s;', ${name}, datconnlimit) FROM pg_database WHERE oid = ${from}),
    (SELECT format('COMMENT ON DATABASE %s IS %L;', ${name}, shobj_description(${from}, 'pg_database')))) ::jsonb
  || coalesce((SELECT jsonb_agg(CASE setrole WHEN 0 THEN format('ALTER DATABASE %s SET %I = %s;', ${name}, split_part(c, '=', 1), ${value})
      ELSE format('ALTER ROLE %I IN DATABASE %s SET %I = %s;', pg_get_userbyid(setrole), ${name}, split_part(c, '=', 1), ${value}) END)
    FROM pg_db_role_setting, unnest(setconfig) c WHERE setdatabase = ${from}), '[]');`;
}

export const statementsSchema = z.array(z.string());

export interface Exchange {
  /** The name that changes hands. */
  readonly name: string;
  readonly incoming: string;
  readonly kept: string;
}

/** Both names or none, after a crash too: one transaction. */
export function exchangeSql({ name, incoming, kept }: Exchange, grants: readonly string[]): string {
  return [
    'BEGIN;',
    ...grants,
    `ALTER DATABASE ${identifier(name)} RENAME TO ${identifier(kept)};`,
    `ALTER DATABASE ${identifier(incoming)} RENAME TO ${identifier(name)};`,
    admitSql(name, false),
    'COMMIT;',
    '',
  ].join('\n');
}

export function exchangeBackSql({ name, incoming, kept }: Exchange): string {
  return [
    'BEGIN;',
    `ALTER DATABASE ${identifier(name)} RENAME TO ${identifier(incoming)};`,
    `ALTER DATABASE ${identifier(kept)} RENAME TO ${identifier(name)};`,
    'COMMIT;',
    '',
  ].join('\n');
}

export function dropDatabaseSql(name: string): string {
  return `DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE);`;
}

export function ownerSql(name: string, owner: string): string {
  return `ALTER DATABASE ${identifier(name)} OWNER TO ${identifier(owner)};`;
}
