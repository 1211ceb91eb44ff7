import { operations } from '@barback/shared/operations/index.ts';
import { z } from 'zod';
import { identifier, literal } from './sql-quote.ts';

/** Not of an extension, not temporary, and not PostgreSQL's own: what pg_dump takes along. */
const ofUsers = `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND c.relpersistence <> 't'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')`;

const relations = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`;
const qualified = `n.nspname || '.' || c.relname`;

/** Every list of privileges that a dump takes along. */
const acls = [
  'SELECT relacl AS acl FROM pg_class',
  'SELECT attacl FROM pg_attribute',
  'SELECT proacl FROM pg_proc',
  'SELECT nspacl FROM pg_namespace',
  'SELECT typacl FROM pg_type',
  'SELECT lanacl FROM pg_language',
  'SELECT fdwacl FROM pg_foreign_data_wrapper',
  'SELECT srvacl FROM pg_foreign_server',
  'SELECT lomacl FROM pg_largeobject_metadata',
].join(' UNION ALL ');

/** What an import's source is, as a role sees it that is no superuser (PostgreSQL 12–18). */
export const sourceSql = `SELECT json_build_object(
  'version', current_setting('server_version'), 'versionNum', current_setting('server_version_num')::int,
  'sizeBytes', pg_database_size(current_database()), 'encoding', current_setting('server_encoding'),
  'tables', (SELECT count(*) FROM ${relations} WHERE c.relkind = 'r' AND ${ofUsers}),
  'unreadable', (SELECT coalesce(json_agg(what ORDER BY what), '[]') FROM (
    SELECT ${qualified} AS what FROM ${relations} WHERE ${ofUsers}
      AND CASE WHEN c.relkind IN ('r', 'p') THEN NOT has_table_privilege(c.oid, 'SELECT') OR row_security_active(c.oid) END
    UNION ALL SELECT ${qualified} FROM ${relations} WHERE ${ofUsers}
      AND CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'SELECT') END
    UNION ALL SELECT 'large object ' || l.oid FROM pg_largeobject_metadata l WHERE NOT pg_has_role(l.lomowner, 'USAGE') AND NOT EXISTS (
      SELECT FROM aclexplode(l.lomacl) x WHERE x.privilege_type = 'SELECT' AND (x.grantee = 0 OR pg_has_role(x.grantee, 'USAGE')))) u),
  'extensions', (SELECT coalesce(json_agg(json_build_object('name', extname, 'version', extversion, 'schema', nspname) ORDER BY extname), '[]')
    FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname <> 'plpgsql'),
  'grantees', (SELECT coalesce(json_agg(rolname ORDER BY rolname), '[]') FROM pg_roles WHERE rolname !~ '^pg_' AND oid IN (
    SELECT grantee FROM (${acls}) a, aclexplode(a.acl) UNION SELECT grantor FROM (${acls}) b, aclexplode(b.acl))),
  'eventTriggers', (SELECT coalesce(json_agg(evtname ORDER BY evtname), '[]') FROM pg_event_trigger));`;

const { source, into } = operations['import-look'].result.shape;

export const sourceFactsSchema = source.omit({
  host: true,
  port: true,
  database: true,
  role: true,
  pooled: true,
  plain: true,
});

/** The session behind two connections of one psql: the second begins before the first has ended, unless somebody hands sessions on. */
export const sessionsScript = Array.from({ length: 4 }, () => 'SELECT pg_backend_pid();\n').join('\\connect\n');

/** What is to be replaced, as live's superuser sees it from another database. */
export function targetSql(database: string): string {
  const found = `(SELECT oid FROM pg_database WHERE datname = ${literal(database)})`;
  return `SELECT json_build_object('oid', ${found}::oid::bigint, 'sizeBytes', pg_database_size(${found}),
    'encoding', (SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE oid = ${found}),
    'roles', (SELECT json_agg(rolname ORDER BY rolname) FROM pg_roles),
    'available', (SELECT coalesce(json_agg(json_build_object('name', v.name, 'trusted', v.trusted) ORDER BY v.name), '[]')
      FROM pg_available_extensions e JOIN pg_available_extension_versions v ON v.name = e.name AND v.version = e.default_version),
    'subscriptions', (SELECT coalesce(json_agg(subname ORDER BY subname), '[]') FROM pg_subscription WHERE subdbid = ${found} AND subenabled));`;
}

export const targetFactsSchema = into.omit({ database: true, extensions: true, role: true, objections: true });

export const extensionNamesSql = `SELECT coalesce(json_agg(extname ORDER BY extname), '[]') FROM pg_extension;`;

/**
 * Rows of every table and the position of every ascending sequence, from the snapshot of the session. One statement for all of them, because
 * the names are known only inside it (query_to_xml; xml is in every build that is packaged), and its answer one line, as jsonb is.
 */
export const countsSql = `SELECT jsonb_build_object(
  'at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'tables', (SELECT coalesce(json_agg(json_build_object('table', ${qualified}, 'rows',
    (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM ONLY %I.%I', n.nspname, c.relname), false, true, '')))[1]::text::bigint)
    ORDER BY n.nspname, c.relname), '[]') FROM ${relations} WHERE c.relkind = 'r' AND ${ofUsers}),
  'sequences', (SELECT coalesce(json_agg(json_build_object('sequence', schemaname || '.' || sequencename, 'last', last_value) ORDER BY 1), '[]')
    FROM pg_sequences q JOIN ${relations} ON n.nspname = q.schemaname AND c.relname = q.sequencename
    WHERE ${ofUsers} AND increment_by > 0 AND NOT cycle));`;

export const countsSchema = z.strictObject({
  at: z.string(),
  tables: z.array(z.strictObject({ table: z.string(), rows: z.int() })),
  sequences: z.array(z.strictObject({ sequence: z.string(), last: z.int().nullable() })),
});

export type Counts = z.infer<typeof countsSchema>;

/** What the fresh database takes over from the one that it is to replace; columns by name, because they differ (15 to 18). */
export const likenessSql = (oid: number): string => `SELECT json_build_object('encoding', pg_encoding_to_char(encoding),
  'collate', datcollate, 'ctype', datctype, 'provider', to_jsonb(d) ->> 'datlocprovider',
  'locale', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'), 'icuRules', to_jsonb(d) ->> 'daticurules',
  'tablespace', (SELECT spcname FROM pg_tablespace t WHERE t.oid = dattablespace), 'owner', pg_get_userbyid(datdba))
  FROM pg_database d WHERE oid = ${oid};`;

export const likenessSchema = z.strictObject({
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  provider: z.string().nullable(),
  locale: z.string().nullable(),
  icuRules: z.string().nullable(),
  tablespace: z.string(),
  owner: z.string(),
});

export type Likeness = z.infer<typeof likenessSchema>;

/** From template0: what an administrator has put into template1 would be in the way. */
export function createDatabaseSql(name: string, owner: string, like: Likeness): string {
  const words = [
    `OWNER ${identifier(owner)}`,
    'TEMPLATE template0',
    `ENCODING ${literal(like.encoding)}`,
    `LC_COLLATE ${literal(like.collate)}`,
    `LC_CTYPE ${literal(like.ctype)}`,
    ...providerWords(like),
    `TABLESPACE ${identifier(like.tablespace)}`,
  ];
  return `CREATE DATABASE ${identifier(name)} ${words.join(' ')};\nREVOKE ALL ON DATABASE ${identifier(name)} FROM PUBLIC;\n`;
}

/** `c`, `i` since 15, `b` since 17; none before. */
function providerWords({ provider, locale, icuRules }: Likeness): string[] {
  if (provider === null || provider === 'c' || locale === null) return [];
  if (provider === 'b') return ['LOCALE_PROVIDER builtin', `BUILTIN_LOCALE ${literal(locale)}`];
  const rules = icuRules === null ? [] : [`ICU_RULES ${literal(icuRules)}`];
  return ['LOCALE_PROVIDER icu', `ICU_LOCALE ${literal(locale)}`, ...rules];
}

/** An extension that only a superuser may make, in the schema that it has at the source. */
export function createExtensionSql({ name, schema }: { name: string; schema: string }, owner: string): string {
  const makes = ofServer.test(schema)
    ? ''
    : `CREATE SCHEMA IF NOT EXISTS ${identifier(schema)} AUTHORIZATION ${identifier(owner)};\n`;
  return `${makes}CREATE EXTENSION ${identifier(name)} SCHEMA ${identifier(schema)};\n`;
}

/** Schemas that every database has. */
export const ofServer = /^(pg_catalog|public|information_schema)$/;
