import type { Reader } from '../db/database.ts';
import { listIncidents } from '../incidents/list-incidents.ts';
import type { Course } from './course.ts';

/** Enough to say "many". */
const countMax = 200;

/** How many transactions behind the stop changed definitions, as far as the index tells them. */
export function undoneDdl(reader: Reader, server: string, { stop }: Course): number {
  if (stop?.firstUndone == null) return 0;
  const { incidents } = listIncidents(reader, {
    server,
    from: stop.firstUndone.time,
    to: null,
    kinds: ['drop', 'drop-database', 'rewrite', 'ddl', 'roles'],
    relation: null,
    minRows: null,
    before: null,
    limit: countMax,
    hasBranches: false,
  });
  return incidents.length;
}
