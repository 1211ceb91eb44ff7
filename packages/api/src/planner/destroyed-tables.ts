import type { Reader } from '../db/database.ts';
import { listIncidents } from '../incidents/list-incidents.ts';
import type { Course } from './course.ts';
import type { Destroyed } from './findings/extract-rule.ts';
import type { PointInTimeRequest } from './plan-request.ts';

/** At one instant. */
const transactionsMax = 20;

/** Tables by name that the first undone transaction dropped, emptied or took rows from; null when it did none of that. */
export function destroyedTables(
  reader: Reader,
  { server, target }: PointInTimeRequest,
  { stop }: Course,
): Destroyed | null {
  const first = stop?.firstUndone;
  if (first == null) return null;
  const { incidents } = listIncidents(reader, {
    server,
    from: first.time,
    to: first.time,
    kinds: ['drop', 'truncate', 'delete', 'update'],
    relation: null,
    minRows: null,
    before: null,
    limit: transactionsMax,
    hasBranches: false,
  });
  const named = incidents
    .filter((one) => one.xid === first.xid)
    .flatMap((one) => one.relations)
    .flatMap(({ database, schema, name, what }) =>
      database !== null && schema !== null && name !== null && what !== 'altered' && what !== 'rewritten'
        ? [{ database, table: `${schema}.${name}` }]
        : [],
    );
  const database = named[0]?.database;
  if (database === undefined) return null;
  const tables = named.filter((one) => one.database === database).map((one) => one.table);
  return { xid: first.xid, database, tables: [...new Set(tables)].toSorted(), target };
}
