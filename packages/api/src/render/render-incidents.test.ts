import { describe, expect, test } from 'vitest';
import { incidentKinds } from '../incidents/classify.ts';
import type { Incident, IncidentList } from '../incidents/incident-schema.ts';
import { renderActivity } from './render-activity.ts';
import { renderIncidents } from './render-incidents.ts';

const now = 1_795_348_800_000_000;
const at = (time: string) => `2026-11-22T${time}.000000Z`;

const orders = {
  what: 'rows changed' as const,
  database: 'shop',
  schema: 'public',
  name: 'orders',
  unnamed: null,
  deleted: 500,
  updated: 7,
  share: 0.5,
};

const deleting: Incident = {
  xid: 741,
  time: at('11:30:01'),
  lsn: '0/B000200',
  timeline: 2,
  kinds: ['delete', 'update'],
  relations: [orders],
  droppedDatabases: [],
  rows: { deleted: 500, updated: 7 },
  atLeast: true,
  heldByBarman: false,
  target: { type: 'before-transaction', xid: 741, timeline: 2 },
};

const dropping: Incident = {
  ...deleting,
  xid: 740,
  time: at('11:00:00'),
  kinds: ['drop', 'drop-database'],
  relations: [{ ...orders, what: 'dropped', schema: null, name: null, unnamed: 'OID 16385', share: null }],
  droppedDatabases: ['old'],
  rows: { deleted: 0, updated: 0 },
  heldByBarman: true,
};

const list: IncidentList = {
  server: 'main',
  observedAt: at('11:59:58'),
  index: { fresh: true, unread: 0 },
  transactions: [deleting, dropping],
  next: `${at('11:00:00')}@0/A000028`,
  asked: { from: at('10:00:00'), to: null, kinds: [...incidentKinds], relation: null, minRows: 10 },
  notKept: { transactions: 4, rowsMax: 9 },
  links: {},
};

describe('suspicious transactions as text', () => {
  test('are one line each, and the newest is ready to be planned before', () => {
    expect(renderIncidents(list, now)).toMatchSnapshot();
  });

  test('go on further back with everything that was asked for', () => {
    const asked = {
      ...list.asked,
      to: at('11:45:00'),
      kinds: ['drop' as const, 'ddl' as const],
      relation: 'a&b',
      minRows: 3,
    };
    const text = renderIncidents({ ...list, asked }, now);
    const query = /transactions\.txt\?(\S*)"/.exec(text)?.[1] ?? '';
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
      from: at('10:00:00'),
      to: at('11:45:00'),
      kind: 'drop,ddl',
      relation: 'a&b',
      min_rows: '3',
      before: list.next,
    });
    expect(text).not.toContain('half of the table');
  });

  test('that were not found leave what was asked for', () => {
    const none = { ...list, observedAt: null, transactions: [], next: null, notKept: { transactions: 0, rowsMax: 0 } };
    expect(renderIncidents(none, now)).toMatchSnapshot();
  });

  test('say what they may lack, and that a second question may find it', () => {
    expect(renderIncidents({ ...list, index: { fresh: false, unread: 3 } }, now)).toContain(
      '3 WAL segments that were not read yet and what was written since it was observed: ask again',
    );
    expect(renderIncidents({ ...list, index: { fresh: true, unread: 1 } }, now)).toContain(
      '1 WAL segment that was not read yet: ask again',
    );
    expect(renderIncidents(list, now)).not.toContain('MAY LACK');
  });

  test('let no name of a table command the terminal', () => {
    const hostile = { ...list, transactions: [{ ...deleting, relations: [{ ...orders, name: 'a\u001b[2J\nb' }] }] };
    const text = renderIncidents(hostile, now);
    expect(text).not.toContain('\u001b');
    expect(text.split('\n')).toHaveLength(
      renderIncidents({ ...list, transactions: [deleting] }, now).split('\n').length,
    );
  });
});

describe('activity as text', () => {
  const activity = {
    server: 'main',
    observedAt: at('11:59:58'),
    index: { fresh: true, unread: 0 },
    timeline: 2,
    from: at('11:00:00'),
    to: at('12:00:00'),
    stepSeconds: 600,
    commits: [1, 0, 0, 400, 200, 0],
    links: {},
  };

  test('has a bar for each step with commits, and one line for each run without', () => {
    expect(renderActivity(activity, now)).toMatchSnapshot();
  });

  test('says what it may lack, and that a second question may find it', () => {
    expect(renderActivity({ ...activity, index: { fresh: false, unread: 0 } }, now)).toContain(
      'what was written since it was observed: ask again',
    );
    expect(renderActivity({ ...activity, index: { fresh: true, unread: 2 } }, now)).toContain(
      '2 WAL segments that were not read yet: ask again',
    );
    expect(renderActivity(activity, now)).not.toContain('MAY LACK');
  });

  test('of nothing is no division by zero', () => {
    expect(renderActivity({ ...activity, commits: [0, 0] }, now)).toMatchSnapshot();
  });
});
