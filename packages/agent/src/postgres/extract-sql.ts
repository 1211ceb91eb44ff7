import { z } from 'zod';
import { conninfoValue, type PsqlTarget } from './argv.ts';

/** A table of the copy: what it is, how it is written, and how much there is of it. */
export const extractTableSchema = z.strictObject({
  name: z.string(),
  /** `pg_class.relkind`. */
  kind: z.string(),
  schema: z.string(),
  relation: z.string(),
  bytes: z.int(),
});

export type ExtractTable = z.infer<typeof extractTableSchema>;

/** Which of the named tables are there; names hold neither quotes nor backslashes (tableNameSchema). */
export function extractTablesSql(names: readonly string[]): string {
  return `SELECT coalesce(json_agg(json_build_object('name', n.nspname || '.' || c.relname, 'kind', c.relkind,
    'schema', n.nspname, 'relation', c.relname, 'bytes', pg_total_relation_size(c.oid))), '[]')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname IN (${list(names)});`;
}

/** Why a table cannot be extracted; null when it can. Pure. */
export function objectionTo(name: string, found: ExtractTable | undefined): string | null {
  if (found === undefined) return `${name} is not in the copy`;
  switch (found.kind) {
    case 'r':
      return null;
    case 'p':
      return `${name} is partitioned: name its partitions, or drill to the target and dump it by hand`;
    case 'f':
      return `${name} is a foreign table: its rows are elsewhere`;
    default:
      return `${name} is not a table`;
  }
}

/** Two tables of the same name from different schemas have no room in one. Pure. */
export function doubledNames(tables: readonly ExtractTable[]): string[] {
  const names = tables.map((one) => one.relation);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

const detachedSchema = z.strictObject({ what: z.string(), statement: z.string() });
export const detachmentsSchema = z.array(detachedSchema);

/**
 * What leads out of the tables to things that live may not have, and how it is taken off in the copy: foreign keys to other tables,
 * triggers and rules (their functions), policies (their roles), defaults that use another's sequence or function of the database.
 * Only for a load into another schema: a dump that keeps its place keeps all of it.
 */
export function detachmentsSql(names: readonly string[]): string {
  const quoted = `quote_ident(n.nspname) || '.' || quote_ident(c.relname)`;
  const part = (what: string, statement: string, from: string) =>
    `SELECT ${what} AS what, ${statement} AS statement FROM chosen x JOIN pg_class c ON c.oid = x.oid
      JOIN pg_namespace n ON n.oid = c.relnamespace ${from}`;
  return `WITH chosen AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname || '.' || c.relname IN (${list(names)})),
  parts AS (
    ${part(
      `'foreign key ' || k.conname || ' of ' || ${quoted}`,
      `'ALTER TABLE ' || ${quoted} || ' DROP CONSTRAINT ' || quote_ident(k.conname)`,
      `JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid NOT IN (SELECT oid FROM chosen)`,
    )}
    UNION ALL ${part(
      `'trigger ' || t.tgname || ' of ' || ${quoted}`,
      `'DROP TRIGGER ' || quote_ident(t.tgname) || ' ON ' || ${quoted}`,
      `JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgparentid = 0`,
    )}
    UNION ALL ${part(
      `'rule ' || r.rulename || ' of ' || ${quoted}`,
      `'DROP RULE ' || quote_ident(r.rulename) || ' ON ' || ${quoted}`,
      `JOIN pg_rewrite r ON r.ev_class = c.oid AND r.ev_type <> '1'`,
    )}
    UNION ALL ${part(
      `'policy ' || p.polname || ' of ' || ${quoted}`,
      `'DROP POLICY ' || quote_ident(p.polname) || ' ON ' || ${quoted}`,
      `JOIN pg_policy p ON p.polrelid = c.oid`,
    )}
    UNION ALL ${part(
      `'default of ' || ${quoted} || '.' || a.attname`,
      `'ALTER TABLE ' || ${quoted} || ' ALTER COLUMN ' || quote_ident(a.attname) || ' DROP DEFAULT'`,
      `JOIN pg_attrdef d ON d.adrelid = c.oid
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum AND a.attgenerated = ''
       WHERE EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_attrdef'::regclass AND e.objid = d.oid AND (
           (e.refclassid = 'pg_proc'::regclass AND e.refobjid >= 16384)
           OR (e.refclassid = 'pg_class'::regclass AND e.refobjid <> c.oid AND NOT EXISTS (SELECT FROM pg_depend o
             WHERE o.classid = 'pg_class'::regclass AND o.objid = e.refobjid AND o.deptype IN ('a', 'i')
               AND o.refobjid IN (SELECT oid FROM chosen)))))`,
    )})
  SELECT coalesce(json_agg(json_build_object('what', what, 'statement', statement) ORDER BY what), '[]') FROM parts;`;
}

/** In the copy, which is thrown away: the tables move to the schema that they will have on live, with their indexes and own sequences. */
export function moveScript(
  tables: readonly ExtractTable[],
  detachments: z.infer<typeof detachmentsSchema>,
  schema: string,
): string {
  return [
    'BEGIN;',
    ...detachments.map(({ statement }) => `${statement};`),
    `CREATE SCHEMA ${identifier(schema)};`,
    ...tables.map((one) => `ALTER TABLE ${qualified(one)} SET SCHEMA ${identifier(schema)};`),
    'COMMIT;',
    '',
  ].join('\n');
}

/** Rows of each table, in this order, from one snapshot. */
export function rowsSql(tables: readonly Pick<ExtractTable, 'schema' | 'relation'>[]): string {
  const counts = tables.map((one) => `(SELECT count(*) FROM ${qualified(one)})`);
  return `SELECT json_build_array(${counts.join(', ')});`;
}

/** Names in double quotes are taken literally, a dot and a star included (pg_dump(1), psql's patterns). */
export function dumpArgv(target: PsqlTarget, tables: readonly Pick<ExtractTable, 'schema' | 'relation'>[]): string[] {
  return [
    `${target.binDirectory}/pg_dump`,
    '--format=custom',
    '--strict-names',
    '--no-publications',
    '--no-subscriptions',
    ...tables.map((one) => `--table=${qualified(one)}`),
    ...connection(target),
  ];
}

/**
 * Owners and privileges stay behind: a role of the target's time may be gone, and one error would end it. From standard input, so
 * that PostgreSQL's user needs no right to the file.
 */
export function restoreArgv(target: PsqlTarget): string[] {
  return [
    `${target.binDirectory}/pg_restore`,
    '--exit-on-error',
    '--single-transaction',
    '--no-owner',
    '--no-privileges',
    ...connection(target),
  ];
}

const markOf = (plan: string, isComplete: boolean): string =>
  `Barback plan ${plan}: ${isComplete ? 'loaded' : 'being loaded'}`;

/** Whose a schema of live is, by its comment; null when there is none of that name. */
export const schemaMarkSchema = z.strictObject({ mark: z.string().nullable() }).nullable();

export function schemaMarkSql(schema: string): string {
  return `SELECT coalesce((SELECT json_build_object('mark', obj_description(oid, 'pg_namespace')) FROM pg_namespace
    WHERE nspname = '${schema}'), 'null'::json);`;
}

export function isOurs(mark: string | null | undefined, plan: string): boolean {
  return mark === markOf(plan, false) || mark === markOf(plan, true);
}

export function isLoaded(mark: string | null | undefined, plan: string): boolean {
  return mark === markOf(plan, true);
}

export function createSchemaScript(schema: string, plan: string): string {
  return `BEGIN;\nCREATE SCHEMA ${identifier(schema)};\n${commentSql(schema, markOf(plan, false))}\nCOMMIT;\n`;
}

export function completeSchemaSql(schema: string, plan: string): string {
  return commentSql(schema, markOf(plan, true));
}

export function dropSchemaSql(schema: string): string {
  return `DROP SCHEMA IF EXISTS ${identifier(schema)} CASCADE;`;
}

function commentSql(schema: string, text: string): string {
  return `COMMENT ON SCHEMA ${identifier(schema)} IS '${text}';`;
}

function connection({ socketDirectory, port, role, database }: PsqlTarget): string[] {
  return [
    '--no-password',
    `--host=${socketDirectory}`,
    `--port=${port}`,
    `--username=${role}`,
    `--dbname=dbname=${conninfoValue(database)}`,
  ];
}

function qualified({ schema, relation }: Pick<ExtractTable, 'schema' | 'relation'>): string {
  return `${identifier(schema)}.${identifier(relation)}`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function list(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
