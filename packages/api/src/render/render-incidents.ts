import type { Incident, IncidentList } from '../incidents/incident-schema.ts';
import { incidentKinds } from '../incidents/classify.ts';
import { minRowsDefault } from '../incidents/list-incidents.ts';
import { fields, page, table } from './layout.ts';
import { incompleteness } from './index-state.ts';
import { nextActions } from './next-actions.ts';
import { ago, exactInstant, instant } from './units.ts';

/** One line per transaction; the first one's target is ready to paste. */
export function renderIncidents(view: IncidentList, now: number): string {
  const [first] = view.transactions;
  const { asked, server } = view;
  return page(
    fields([
      ['server', server],
      ['observed', view.observedAt === null ? 'never yet' : instant(view.observedAt, now)],
      ['MAY LACK', incompleteness(view.index)],
      ['from', asked.from && exactInstant(asked.from)],
      ['to', asked.to && exactInstant(asked.to)],
      ['kinds', asked.kinds.join(', ')],
      ['relation', asked.relation],
      ['rows', `at least ${asked.minRows}${asked.minRows === minRowsDefault ? ', or half of the table' : ''}`],
      ['not kept', notKept(view)],
    ]),
    view.transactions.length === 0
      ? 'no such transactions'
      : table(
          ['TIME', 'AGO', 'XID', 'WHAT', 'RELATIONS', 'ROWS', 'LSN', 'TIMELINE'],
          view.transactions.map((one) => cells(one, now)),
        ),
    nextActions([
      ...(first === undefined
        ? []
        : [
            {
              say: `plan a drill of the state just before transaction ${first.xid}`,
              method: 'POST' as const,
              path: '/v1/plans',
              body: { server, scenario: 'drill', target: first.target },
            },
          ]),
      ...(view.next === null
        ? []
        : [
            {
              say: 'older ones',
              path: `/v1/servers/${server}/transactions.txt?${olderQuery(asked, view.next)}`,
            },
          ]),
    ]),
  );
}

/** What was asked for, further back. */
function olderQuery({ from, to, kinds, relation, minRows }: IncidentList['asked'], next: string): string {
  const parts = {
    from,
    to,
    kind: kinds.length === incidentKinds.length ? null : kinds.join(','),
    relation,
    min_rows: minRows === minRowsDefault ? null : String(minRows),
    before: next,
  };
  const given = Object.entries(parts).flatMap(([name, value]) =>
    value === null ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return given.join('&');
}

function cells(one: Incident, now: number): string[] {
  const { deleted, updated } = one.rows;
  const rows = [
    deleted > 0 ? `${deleted} deleted` : '',
    updated > 0 ? `${updated} updated` : '',
    one.atLeast && deleted + updated > 0 ? '(or more)' : '',
  ];
  return [
    exactInstant(one.time),
    ago(one.time, now),
    String(one.xid),
    one.kinds.join(' '),
    [...one.relations.map(relation), ...one.droppedDatabases.map((name) => `database ${name}`)].join(', '),
    rows.filter((part) => part !== '').join(' '),
    one.lsn,
    `${one.timeline}${one.heldByBarman ? '' : ' (only live has it)'}`,
  ];
}

function relation({ database, schema, name, unnamed, share }: Incident['relations'][number]): string {
  const parts = name === null ? [database, unnamed ?? '?'] : [database, schema, name];
  const named = parts.filter((part) => part !== null).join(name === null ? ' ' : '.');
  return `${named}${share === null ? '' : ` (${Math.round(share * 100)} % of it)`}`;
}

function notKept({ notKept: { transactions, rowsMax } }: IncidentList): string | null {
  if (transactions === 0) return null;
  return `${transactions} transactions of that time, none of which changed more than ${rowsMax} rows`;
}
