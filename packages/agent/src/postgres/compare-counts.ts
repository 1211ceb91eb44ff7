import type { Counts } from './import-sql.ts';

/** What is not as the snapshot had it, in words; empty: everything is. A sequence may be ahead, because it is outside every snapshot. Pure. */
export function compareCounts(source: Counts, loaded: Counts): string[] {
  const rows = new Map(loaded.tables.map((one) => [one.table, one.rows]));
  const last = new Map(loaded.sequences.map((one) => [one.sequence, one.last]));
  const known = new Set(source.tables.map((one) => one.table));
  return [
    ...source.tables.flatMap(({ table, rows: expected }) => {
      const found = rows.get(table);
      if (found === expected) return [];
      return [
        found === undefined ? `the table ${table} is missing` : `${table} has ${found} rows instead of ${expected}`,
      ];
    }),
    ...source.sequences.flatMap(({ sequence, last: expected }) => {
      if (!last.has(sequence)) return [`the sequence ${sequence} is missing`];
      const found = last.get(sequence) ?? null;
      if (expected === null || (found !== null && found >= expected)) return [];
      return [`the sequence ${sequence} is at ${found ?? 'its start'}, behind ${expected}`];
    }),
    ...loaded.tables.flatMap(({ table }) => (known.has(table) ? [] : [`the source has no table ${table}`])),
  ];
}

const tablesMax = 200;

/** The loaded tables beside live's: those that differ first, then the largest. Pure. */
export function compareWithLive(loaded: Counts, live: Counts | null) {
  const here = new Map(live?.tables.map((one) => [one.table, one.rows]));
  const there = new Set(loaded.tables.map((one) => one.table));
  const compared = loaded.tables.map(({ table, rows }) => ({ table, imported: rows, live: here.get(table) ?? null }));
  const difference = (one: (typeof compared)[number]) => Math.abs(one.imported - (one.live ?? 0));
  return {
    compared: compared.toSorted((a, b) => difference(b) - difference(a) || b.imported - a.imported).slice(0, tablesMax),
    onlyLive: (live?.tables ?? [])
      .filter(({ table }) => !there.has(table))
      .map(({ table, rows }) => ({ table, rows }))
      .slice(0, tablesMax),
  };
}
