import type { ExtractResult } from '../scenarios/extract-result.ts';
import { fields, page, section, table } from './layout.ts';
import { plain } from './plain.ts';
import { renderDrillResult } from './render-drill-result.ts';
import { bytes } from './units.ts';

/** Where the tables are, then what the copy had proved before. */
export function renderExtractResult(result: ExtractResult): string {
  return page(section('extracted', where(result)), section('rows', rows(result)), renderDrillResult(result));
}

function where({ dump, loaded }: ExtractResult): string {
  if (dump === null) return '';
  return fields([
    ['  dump', plain(dump.file)],
    ['  size', bytes(dump.bytes)],
    ['  sha256', dump.sha256],
    ['  loaded into', loaded === null ? 'nothing' : `the schema ${loaded.schema} of live, owned by its superuser`],
    ['  left out', dump.leftOut.length === 0 ? null : dump.leftOut.map(plain).join('; ')],
  ]);
}

function rows({ dump }: ExtractResult): string {
  if (dump === null) return '';
  return table(
    ['  TABLE', 'ROWS'],
    dump.tables.map((one) => [`  ${plain(one.table)}`, String(one.rows)]),
  );
}
