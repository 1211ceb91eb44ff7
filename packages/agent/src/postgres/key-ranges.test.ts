import { expect, test } from 'vitest';
import { parseRanges, rangesScript } from './key-ranges.ts';

const tables = [
  { name: 'public.orders', quoted: 'public.orders', key: 'id' },
  { name: 'public.gone', quoted: 'public.gone', key: null },
  { name: 'public.last', quoted: 'public.last', key: null },
];

test('each table is one statement of its own, by its key where it has one', () => {
  const script = rangesScript(tables);
  expect(script.match(/^SELECT/gm)).toHaveLength(3);
  expect(script).toContain('ORDER BY id DESC LIMIT 1');
});

test('a locked table, and one after which the connection ended, have a note and no numbers', () => {
  const output = 'T 0\n{"rows" : 2, "first" : "1", "last" : "7"}\nE 00000\nT 1\nE 55P03\nT 2\n';
  expect(parseRanges(output, tables, 'locked')).toEqual([
    { rows: 2, first: '1', last: '7', note: null },
    { rows: null, first: null, last: null, note: 'locked' },
    { rows: null, first: null, last: null, note: 'the connection ended before it was read' },
  ]);
});
