import type { Database } from '../db/database.ts';

const pageSize = 500;

/**
 * The exact bytes of every event up to the head at the start, one line each, in constant memory.
 * It reads page by page, so that a slow reader never holds up the one connection that writes.
 */
export function* exportEvents(database: Database, from = 0): Generator<string> {
  const last = database.sqlite.prepare<[], number | null>('SELECT max(seq) FROM events').pluck().get() ?? -1;
  const page = database.sqlite
    .prepare<[number, number, number], string>(
      'SELECT bytes FROM events WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?',
    )
    .pluck();
  for (let next = from; next <= last; next += pageSize) {
    for (const bytes of page.all(next, last, pageSize)) yield `${bytes}\n`;
  }
}
