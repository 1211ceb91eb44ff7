/** A table that is there, with the first column of its primary key; both quoted by the server. */
export interface KeyedTable {
  readonly name: string;
  readonly quoted: string;
  readonly key: string | null;
}

export interface TableRange {
  readonly rows: number | null;
  readonly first: string | null;
  readonly last: string | null;
  readonly note: string | null;
}

/** Which of the named tables are there; names hold neither quotes nor backslashes. */
export function keyedTablesSql(names: readonly string[]): string {
  const list = names.map((name) => `'${name}'`).join(', ');
  return `SELECT coalesce(json_agg(json_build_object('name', n.nspname || '.' || c.relname,
    'quoted', quote_ident(n.nspname) || '.' || quote_ident(c.relname),
    'key', (SELECT quote_ident(a.attname) FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = c.oid AND i.indisprimary))), '[]')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname || '.' || c.relname IN (${list});`;
}

/** For psql: a statement per table, which goes on after an error; between its own marks, `E` with the SQLSTATE. */
export function rangesScript(tables: readonly KeyedTable[]): string {
  const lines = tables.map((one, index) => `\\echo T ${index}\n${rangeSql(one)}\n\\echo E :SQLSTATE\n`);
  return `\\set ON_ERROR_STOP off\n${lines.join('')}`;
}

/** By the index of the key, because not every type has min() and max(). */
function rangeSql({ quoted, key }: KeyedTable): string {
  const end = (order: string): string =>
    key === null ? 'NULL' : `(SELECT ${key}::text FROM ${quoted} ORDER BY ${key} ${order} LIMIT 1)`;
  return `SELECT json_build_object('rows', (SELECT count(*) FROM ${quoted}), 'first', ${end('ASC')}, 'last', ${end('DESC')});`;
}

/** What the script printed, in the order of the tables. */
export function parseRanges(output: string, tables: readonly KeyedTable[], locked: string): TableRange[] {
  const parts = output.split(/^T \d+$/m).slice(1);
  return tables.map((_, index) => {
    const [, json = '', state = ''] = /^\n?([\s\S]*?)^E (\S+)$/m.exec(parts[index] ?? '') ?? [];
    if (state === '00000' && json.trim() !== '')
      return { ...(JSON.parse(json) as Omit<TableRange, 'note'>), note: null };
    return { rows: null, first: null, last: null, note: noteOf(state, locked) };
  });
}

function noteOf(state: string, locked: string): string {
  if (state === '55P03') return locked;
  if (state === '57014') return 'it took too long';
  return state === '' ? 'the connection ended before it was read' : `it failed with SQLSTATE ${state}`;
}
