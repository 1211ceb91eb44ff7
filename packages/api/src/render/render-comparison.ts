import type { TableComparison } from '../runs/compare-tables.ts';
import { table } from './layout.ts';

type Side = TableComparison['tables'][number]['copy'];

/** Two lines per table: the copy, then live. */
export function renderComparison({ tables }: TableComparison): string {
  return table(
    ['TABLE', 'WHERE', 'ROWS', 'KEY', 'FIRST', 'LAST', 'NOTE'],
    tables.flatMap((one) => [line(one.table, 'copy', one.copy, one.key), line('', 'live', one.live, one.key)]),
  );
}

function line(name: string, where: string, side: Side | null, key: string | null): string[] {
  if (side === null) return [name, where, '', '', '', '', 'live does not answer'];
  return [name, where, side.rows?.toString() ?? '', key ?? '', side.first ?? '', side.last ?? '', side.note ?? ''];
}
