import type { TableCount } from '@barback/shared/operations/scratch-probe.ts';

/** A table as the catalogue names it; `quoted` is safe to put into SQL (quote_ident of the server). */
export interface CatalogueTable {
  readonly schema: string;
  readonly table: string;
  readonly quoted: string;
  /** `r` ordinary, `m` materialized view. */
  readonly kind: string;
  readonly unlogged: boolean;
  readonly populated: boolean;
}

/** Every connectable database with its size. */
export const databasesSql = `SELECT coalesce(json_agg(json_build_object('name', datname, 'sizeBytes', pg_database_size(oid))
  ORDER BY datname), '[]') FROM pg_database WHERE datallowconn;`;

/** Tables and materialized views of users; foreign tables are left out because reading them reaches other servers. */
export const tablesSql = `SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'table', c.relname,
  'quoted', quote_ident(n.nspname) || '.' || quote_ident(c.relname), 'kind', c.relkind,
  'unlogged', c.relpersistence = 'u', 'populated', c.relispopulated) ORDER BY n.nspname, c.relname), '[]')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_';`;

/**
 * A script for psql that counts each table in a statement of its own and goes on after an error; between its own marks, `E`
 * with the SQLSTATE that psql keeps of the last statement. `ONLY`: partitions are tables of their own.
 */
export function countScript(tables: readonly CatalogueTable[]): string {
  const lines = tables.map(
    (one, index) => `\\echo T ${index}\nSELECT count(*) FROM ONLY ${one.quoted};\n\\echo E :SQLSTATE\n`,
  );
  return `\\set ON_ERROR_STOP off\n${lines.join('')}`;
}

/** Why a count is missing, by SQLSTATE. */
function noteOf(sqlState: string, statementTimeoutMs: number, locked: string): string {
  if (sqlState === '55P03') return locked;
  if (sqlState === '57014') return `the count took longer than ${statementTimeoutMs} ms`;
  return `the count failed with SQLSTATE ${sqlState}`;
}

/** What the script printed; a table without an answer has null rows and a note. */
export function parseCounts(
  output: string,
  tables: readonly CatalogueTable[],
  database: string,
  options: { readonly statementTimeoutMs: number; readonly locked: string; readonly inRecovery: boolean },
): TableCount[] {
  const answers = new Map<number, { rows: number | null; sqlState: string }>();
  let index = -1;
  let rows: number | null = null;
  for (const line of output.split('\n')) {
    const mark = /^([TE]) (\S+)$/.exec(line);
    if (mark?.[1] === 'T') {
      index = Number(mark[2]);
      rows = null;
    } else if (mark?.[1] === 'E') answers.set(index, { rows, sqlState: mark[2] ?? '' });
    else if (/^\d+$/.test(line)) rows = Number(line);
  }
  return tables.map((one, position) => {
    const answer = answers.get(position);
    const base = { database, schema: one.schema, table: one.table };
    if (answer?.sqlState === '00000' && answer.rows !== null) return { ...base, rows: answer.rows, note: null };
    if (one.unlogged && options.inRecovery) return { ...base, rows: null, note: 'unlogged: empty after a restore' };
    if (!answer) return { ...base, rows: null, note: 'the connection ended before it was counted' };
    if (one.kind === 'm' && !one.populated) return { ...base, rows: null, note: 'the materialized view holds no data' };
    return { ...base, rows: null, note: noteOf(answer.sqlState, options.statementTimeoutMs, options.locked) };
  });
}
