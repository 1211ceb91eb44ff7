import { formatInstant, parseInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { lsnPattern, lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import type { Reader } from '../db/database.ts';
import type { IncidentList } from './incident-schema.ts';
import type { IndexState } from '../wal-index/wal-state.ts';
import { listIncidents, minRowsDefault, notKept, type IncidentQuery } from './list-incidents.ts';

/** One page of suspicious transactions, with what was asked for and what the index does not keep. */
export function incidentPage(
  reader: Reader,
  query: IncidentQuery,
  { observedAt, index }: { readonly observedAt: Micros | null; readonly index: IndexState },
): IncidentList {
  const { server, from, to, kinds, relation, minRows } = query;
  const { incidents, hasMore } = listIncidents(reader, query);
  const last = incidents.at(-1);
  return {
    server,
    observedAt: instantOrNull(observedAt),
    index,
    transactions: [...incidents],
    next: hasMore && last ? `${last.time}@${last.lsn}` : null,
    asked: {
      from: instantOrNull(from),
      to: instantOrNull(to),
      kinds: [...kinds],
      relation,
      minRows: minRows ?? minRowsDefault,
    },
    notKept: notKept(reader, query),
    links: { window: `/v1/servers/${server}/window`, activity: `/v1/servers/${server}/activity`, plan: '/v1/plans' },
  };
}

/** The place that `next` of a page names; undefined for anything else. */
export function parseCursor(text: string): NonNullable<IncidentQuery['before']> | undefined {
  const [time = '', lsn = ''] = text.split('@');
  const parsed = parseInstant(time);
  return parsed.ok && lsnPattern.test(lsn) ? { time: parsed.micros, position: lsnToNumber(lsn) } : undefined;
}

function instantOrNull(micros: Micros | null): string | null {
  return micros === null ? null : formatInstant(micros);
}
