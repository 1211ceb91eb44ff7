import { z } from 'zod';
import { domainColumns } from './extract-types-sql.ts';

const detachmentSchema = z.strictObject({ what: z.string(), statement: z.string() });
export const detachmentsSchema = z.array(detachmentSchema);

/** What a table has that is not loaded with it, and how it is taken off in the copy. */
export type Detachment = z.infer<typeof detachmentSchema>;

const quotedTable = `quote_ident(n.nspname) || '.' || quote_ident(c.relname)`;

/** From what a table belongs to, to what it has: what was inherited can only be dropped when the table stands alone. */
const order = { references: 0, inheritance: 1, own: 2, types: 3 } as const;

interface Part {
  readonly rank: number;
  readonly what: string;
  readonly statement: string;
  /** Joined to the chosen tables, as `c` in the schema `n`. */
  readonly from: string;
}

/** A function or operator of somebody in the database: it would run with the rights of the superuser who loads. */
export const usesFunction = (dependent: string): string => `EXISTS (SELECT FROM pg_depend e WHERE ${dependent}
  AND e.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass) AND e.refobjid >= 16384
  AND NOT EXISTS (SELECT FROM pg_depend m WHERE m.classid = e.refclassid AND m.objid = e.refobjid AND m.deptype = 'e'))`;

const dropConstraint = `'ALTER TABLE ' || ${quotedTable} || ' DROP CONSTRAINT IF EXISTS ' || quote_ident(k.conname)`;

const parts: readonly Part[] = [
  {
    // Of others, to the partitioned table: PostgreSQL would not detach a partition whose rows they use.
    rank: order.references,
    what: `'foreign key ' || k.conname || ' of ' || k.conrelid::regclass`,
    statement: `'ALTER TABLE ' || k.conrelid::regclass || ' DROP CONSTRAINT IF EXISTS ' || quote_ident(k.conname)`,
    from: `JOIN pg_constraint k ON k.contype = 'f' AND k.conparentid = 0
      AND k.confrelid IN (SELECT relid FROM pg_partition_ancestors(c.oid) WHERE relid <> c.oid)`,
  },
  {
    // pg_dump would attach what is loaded to the table of live that has the parent's name.
    rank: order.inheritance,
    what: `'inheritance of ' || ${quotedTable} || ' from ' || i.inhparent::regclass`,
    statement: `CASE WHEN c.relispartition THEN 'ALTER TABLE ' || i.inhparent::regclass || ' DETACH PARTITION ' || ${quotedTable}
      ELSE 'ALTER TABLE ' || ${quotedTable} || ' NO INHERIT ' || i.inhparent::regclass END`,
    from: `JOIN pg_inherits i ON i.inhrelid = c.oid AND (c.relispartition OR i.inhparent NOT IN (SELECT oid FROM chosen))`,
  },
  {
    // One that refers to a partitioned table has a part for each partition, which goes with it.
    rank: order.own,
    what: `'foreign key ' || k.conname || ' of ' || ${quotedTable}`,
    statement: dropConstraint,
    from: `JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid NOT IN (SELECT oid FROM chosen)
      AND NOT EXISTS (SELECT FROM pg_constraint up WHERE up.oid = k.conparentid AND up.conrelid = k.conrelid)`,
  },
  {
    rank: order.own,
    what: `'check ' || k.conname || ' of ' || ${quotedTable}`,
    statement: dropConstraint,
    from: `JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'c'
      AND ${usesFunction(`e.classid = 'pg_constraint'::regclass AND e.objid = k.oid`)}`,
  },
  {
    rank: order.own,
    what: `'index ' || x.relname || ' of ' || ${quotedTable}`,
    statement: `coalesce((SELECT ${dropConstraint} FROM pg_constraint k WHERE k.conrelid = c.oid AND k.conindid = x.oid),
      'DROP INDEX IF EXISTS ' || quote_ident(n.nspname) || '.' || quote_ident(x.relname))`,
    from: `JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid
      AND ${usesFunction(`e.classid = 'pg_class'::regclass AND e.objid = x.oid`)}`,
  },
  {
    rank: order.own,
    what: `'statistics ' || s.stxname || ' of ' || ${quotedTable}`,
    statement: `'DROP STATISTICS IF EXISTS ' || quote_ident(sn.nspname) || '.' || quote_ident(s.stxname)`,
    from: `JOIN pg_statistic_ext s ON s.stxrelid = c.oid JOIN pg_namespace sn ON sn.oid = s.stxnamespace`,
  },
  {
    rank: order.own,
    what: `'trigger ' || t.tgname || ' of ' || ${quotedTable}`,
    statement: `'DROP TRIGGER IF EXISTS ' || quote_ident(t.tgname) || ' ON ' || ${quotedTable}`,
    from: `JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgparentid = 0`,
  },
  {
    rank: order.own,
    what: `'rule ' || r.rulename || ' of ' || ${quotedTable}`,
    statement: `'DROP RULE IF EXISTS ' || quote_ident(r.rulename) || ' ON ' || ${quotedTable}`,
    from: `JOIN pg_rewrite r ON r.ev_class = c.oid AND r.ev_type <> '1'`,
  },
  {
    rank: order.own,
    what: `'policy ' || p.polname || ' of ' || ${quotedTable}`,
    statement: `'DROP POLICY IF EXISTS ' || quote_ident(p.polname) || ' ON ' || ${quotedTable}`,
    from: `JOIN pg_policy p ON p.polrelid = c.oid`,
  },
  {
    rank: order.own,
    what: `'default of ' || ${quotedTable} || '.' || a.attname`,
    statement: `'ALTER TABLE ' || ${quotedTable} || ' ALTER COLUMN ' || quote_ident(a.attname) || ' DROP DEFAULT'`,
    from: `JOIN pg_attrdef d ON d.adrelid = c.oid
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum AND a.attgenerated = ''
      WHERE EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_attrdef'::regclass AND e.objid = d.oid AND (
          (e.refclassid = 'pg_proc'::regclass AND e.refobjid >= 16384)
          OR (e.refclassid = 'pg_class'::regclass AND e.refobjid <> c.oid AND NOT EXISTS (SELECT FROM pg_depend o
            WHERE o.classid = 'pg_class'::regclass AND o.objid = e.refobjid AND o.deptype IN ('a', 'i')
              AND o.refobjid IN (SELECT oid FROM chosen)))))`,
  },
  {
    // The dependency is the column's before PostgreSQL 15 (StoreAttrDefault in heap.c and pg_attrdef.c). The values stay.
    rank: order.own,
    what: `'expression of ' || ${quotedTable} || '.' || a.attname`,
    statement: `'ALTER TABLE ' || ${quotedTable} || ' ALTER COLUMN ' || quote_ident(a.attname) || ' DROP EXPRESSION IF EXISTS'`,
    from: `JOIN pg_attrdef d ON d.adrelid = c.oid
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum AND a.attgenerated = 's'
      AND ${usesFunction(`((e.classid = 'pg_attrdef'::regclass AND e.objid = d.oid)
        OR (e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.objsubid = a.attnum))`)}`,
  },
  {
    // Behind what depends on the column, as far as that is taken off.
    rank: order.types,
    what: `'domain ' || a.atttypid::regtype || ' of ' || ${quotedTable} || '.' || a.attname`,
    statement: `'ALTER TABLE ' || ${quotedTable} || ' ALTER COLUMN ' || quote_ident(a.attname) || ' TYPE ' || format_type(u.base, u.modifier)`,
    from: domainColumns(usesFunction),
  },
];

/**
 * What leads out of the tables to things that live may not have, to live's own tables, or to code that would run as live's superuser:
 * and how it is taken off in the copy. Only for a load into another schema: a dump that keeps its place keeps all of it. Names hold
 * neither quotes nor backslashes (tableNameSchema).
 */
export function detachmentsSql(names: readonly string[]): string {
  const selects = parts.map(
    ({ rank, what, statement, from }) => `SELECT ${rank} AS rank, ${what} AS what, ${statement} AS statement
      FROM chosen x0 JOIN pg_class c ON c.oid = x0.oid JOIN pg_namespace n ON n.oid = c.relnamespace ${from}`,
  );
  // Without a search path regclass is written with its schema.
  return `SET search_path = pg_catalog;
  WITH chosen AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname || '.' || c.relname IN (${list(names)})),
  parts AS (${selects.join('\n UNION ')})
  SELECT coalesce(json_agg(json_build_object('what', what, 'statement', statement) ORDER BY rank, what), '[]') FROM parts;`;
}

/** As string literals. */
export function list(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
