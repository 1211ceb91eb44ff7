import { expect, test } from 'vitest';
import { compareCounts, compareWithLive } from './compare-counts.ts';
import type { Counts } from './import-sql.ts';

const counts = (tables: Record<string, number>, sequences: Record<string, number | null> = {}): Counts => ({
  at: '2026-11-29T12:00:00.000000Z',
  tables: Object.entries(tables).map(([table, rows]) => ({ table, rows })),
  sequences: Object.entries(sequences).map(([sequence, last]) => ({ sequence, last })),
});

test('what was loaded is what the snapshot held, or each difference is named', () => {
  const source = counts({ a: 1, b: 2, c: 3 }, { s: 7, unused: null, lost: 1, reset: 5 });
  expect(compareCounts(source, source)).toEqual([]);
  const loaded = counts({ a: 1, b: 1, d: 0 }, { s: 6, unused: null, reset: null });
  expect(compareCounts(source, loaded)).toEqual([
    'b has 1 rows instead of 2',
    'the table c is missing',
    'the sequence s is at 6, behind 7',
    'the sequence lost is missing',
    'the sequence reset is at its start, behind 5',
    'the source has no table d',
  ]);
});

test('a sequence may be ahead of the snapshot: it is outside every one', () => {
  expect(compareCounts(counts({}, { s: 7 }), counts({}, { s: 9 }))).toEqual([]);
});

test('beside live those that differ come first, then the largest; what only live has is listed', () => {
  const { compared, onlyLive } = compareWithLive(counts({ a: 5, b: 100, c: 7 }), counts({ a: 50, b: 100, z: 9 }));
  expect(compared).toEqual([
    { table: 'a', imported: 5, live: 50 },
    { table: 'c', imported: 7, live: null },
    { table: 'b', imported: 100, live: 100 },
  ]);
  expect(onlyLive).toEqual([{ table: 'z', rows: 9 }]);
  expect(compareWithLive(counts({ a: 5 }), null).compared).toEqual([{ table: 'a', imported: 5, live: null }]);
});
