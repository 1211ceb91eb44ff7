import type { ProbeAnswer } from '../runs/probe-copy.ts';
import { fields, page, table } from './layout.ts';

/** The rows as a table; or why there are none. */
export function renderProbe({ run, paused, answer }: ProbeAnswer): string {
  const { ok, rows, error } = answer;
  const head = fields([
    ['run', run],
    ['copy', paused ? 'paused at the target' : 'promoted, isolated'],
    ['answer', ok ? `${rows?.length ?? 0} rows` : (error ?? 'failed')],
  ]);
  const [first] = rows ?? [];
  if (first === undefined) return head;
  const columns = Object.keys(first);
  return page(
    head,
    table(
      columns,
      (rows ?? []).map((row) => columns.map((name) => row[name] ?? 'NULL')),
    ),
  );
}
