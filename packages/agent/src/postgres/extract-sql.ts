import { z } from 'zod';
import { conninfoValue, type PsqlTarget } from './argv.ts';
import { list, usesFunction, type Detachment } from './extract-detach-sql.ts';
import { columnWithCodeSql } from './extract-types-sql.ts';
import { identifier } from './sql-quote.ts';

/** A table of the copy: what it is, how it is written, and how much there is of it. */
export const extractTableSchema = z.strictObject({
  name: z.string(),
  /** `pg_class.relkind`. */
  kind: z.string(),
  schema: z.string(),
  relation: z.string(),
  /** `pg_class.relpersistence`. */
  persistence: z.string(),
  ofExtension: z.boolean(),
  /** A column whose type holds a domain that runs code; null: there is none, or the domain is all that it is. */
  columnWithCode: z.string().nullable(),
  bytes: z.int(),
});

export type ExtractTable = z.infer<typeof extractTableSchema>;

/** Which of the named tables are there; names hold neither quotes nor backslashes (tableNameSchema). */
export function extractTablesSql(names: readonly string[]): string {
  return `SELECT coalesce(json_agg(json_build_object('name', n.nspname || '.' || c.relname, 'kind', c.relkind,
    'schema', n.nspname, 'relation', c.relname, 'persistence', c.relpersistence, 'ofExtension', EXISTS (SELECT FROM pg_depend e
      WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'),
    'columnWithCode', ${columnWithCodeSql('c.oid', usesFunction)},
    'bytes', pg_total_relation_size(c.oid))), '[]')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname IN (${list(names)});`;
}

/** Why a table cannot be extracted; null when it can. Pure. */
export function objectionTo(name: string, found: ExtractTable | undefined): string | null {
  if (found === undefined) return `${name} is not in the copy`;
  if (/^(pg_|information_schema$)/.test(found.schema)) return `${name} belongs to PostgreSQL itself`;
  // pg_dump says nothing, and dumps nothing (15, checkExtensionMembership in pg_dump.c).
  if (found.ofExtension) return `${name} belongs to an extension: dump it by hand from a drill that holds its copy`;
  // Its rows are not in WAL, and PostgreSQL empties it when it recovers.
  if (found.persistence === 'u') return `${name} is unlogged: no backup has its rows`;
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

/** Why it cannot be loaded on live, where it would run code of its owner as a superuser; null when it can. Pure. */
export function objectionToLoad({ name, columnWithCode: column }: ExtractTable): string | null {
  return column === null
    ? null
    : `${name}.${column} holds a domain whose check calls a function, which would run as live's superuser`;
}

/** Two tables of the same name from different schemas have no room in one. Pure. */
export function doubledNames(tables: readonly ExtractTable[]): string[] {
  const names = tables.map((one) => one.relation);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/** In the copy, which is thrown away: the tables move to the schema that they will have on live, with their indexes and own sequences. */
export function moveScript(
  tables: readonly ExtractTable[],
  detachments: readonly Detachment[],
  { schema, plan }: { readonly schema: string; readonly plan: string },
): string {
  return [
    'BEGIN;',
    ...detachments.map(({ statement }) => `${statement};`),
    `CREATE SCHEMA ${identifier(schema)};`,
    ...tables.map((one) => `ALTER TABLE ${qualified(one)} SET SCHEMA ${identifier(schema)};`),
    // A later try knows them by it: the copy may have had a schema of that name at the target.
    commentSql(schema, movedMark(plan)),
    'COMMIT;',
    '',
  ].join('\n');
}

/** Rows of each table, in this order, from one snapshot; without those of tables that inherit, which pg_dump does not take along. */
export function rowsSql(tables: readonly Pick<ExtractTable, 'schema' | 'relation'>[]): string {
  const counts = tables.map((one) => `(SELECT count(*) FROM ONLY ${qualified(one)})`);
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
 * Owners, privileges and tablespaces stay behind: a role of the target's time may be gone, and one error would end it. From standard
 * input, so that PostgreSQL's user needs no right to the file.
 */
export function restoreArgv(target: PsqlTarget): string[] {
  return [
    `${target.binDirectory}/pg_restore`,
    '--exit-on-error',
    '--single-transaction',
    '--no-owner',
    '--no-privileges',
    '--no-tablespaces',
    ...connection(target),
  ];
}

const markOf = (plan: string, isComplete: boolean): string =>
  `Barback plan ${plan}: ${isComplete ? 'loaded' : 'being loaded'}`;

const movedMark = (plan: string): string => `Barback plan ${plan}: moved`;

export function isMoved(mark: string | null | undefined, plan: string): boolean {
  return mark === movedMark(plan);
}

/** Publications that would send whatever is loaded to subscribers that have no such table, and stop them. */
export const everythingPublishedSql = `SELECT coalesce(json_agg(pubname ORDER BY pubname), '[]') FROM pg_publication WHERE puballtables;`;

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
