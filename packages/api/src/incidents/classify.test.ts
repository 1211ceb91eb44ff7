import type { WalWork } from '@barback/shared/operations/wal-index.ts';
import { describe, expect, test } from 'vitest';
import { classify } from './classify.ts';
import type { KnownRelation, RelationMemory } from './relation-memory.ts';
import { noWork } from './testing/no-work.ts';

const relation = (oid: number, name: string, kind = 'r', owner: number | null = null): KnownRelation => ({
  database: 5,
  oid,
  schema: 'public',
  name,
  kind,
  owner,
  rows: 100,
});

/** `orders` with its index and its TOAST relation, and where their files have been. */
const known: readonly (readonly [KnownRelation, readonly string[]])[] = [
  [relation(16_385, 'orders'), ['1663/5/16385', '1663/5/16500']],
  [relation(16_388, 'orders_pkey', 'i', 16_385), ['1663/5/16388', '1663/5/16501']],
  [relation(16_389, 'pg_toast_16385', 't', 16_385), ['1663/5/16389', '1663/5/16502']],
  [relation(16_400, 'sales', 'p'), []],
  [relation(16_410, 'totals', 'm'), ['1663/5/16410']],
];

const memory: RelationMemory = {
  byFile: (file) => known.find(([, files]) => files.includes(file))?.[0],
  byOid: (database, oid) => known.find(([one]) => one.database === database && one.oid === oid)?.[0],
  filesOf: (of) => known.find(([one]) => one.oid === of.oid)?.[1] ?? [],
  databaseName: () => undefined,
};

function told(work: Partial<WalWork>) {
  const { kinds, affected, droppedDatabases } = classify({ ...noWork, ...work }, memory);
  const words = affected.map((one) => `${one.relation?.name ?? one.unnamed} ${one.what}`);
  return { kinds, words, droppedDatabases };
}

const object = (oid: number) => ({ database: 5, oid });
const structure = [{ oid: 1259, changed: 4 }];

describe('a transaction', () => {
  test('that dropped a table dropped the table, not its index and its TOAST relation', () => {
    const work = {
      catalogues: structure,
      dropped: [16_389, 16_388, 16_385].map(object),
      removed: ['1663/5/16385', '1663/5/16388', '1663/5/16389'],
      locked: [16_385, 16_388].map(object),
    };
    expect(told(work)).toEqual({ kinds: ['drop'], words: ['orders dropped'], droppedDatabases: [] });
  });

  test('that dropped a partitioned table without storage is told by its name', () => {
    expect(told({ catalogues: structure, dropped: [object(16_400)] })).toMatchObject({ words: ['sales dropped'] });
  });

  test('that dropped what nobody saw is told by the OID', () => {
    const work = { catalogues: structure, dropped: [object(99_999)], removed: ['1663/5/99999'] };
    expect(told(work)).toMatchObject({ kinds: ['drop'], words: ['OID 99999 dropped'] });
  });

  test('that dropped a temporary table did nothing that WAL could bring back', () => {
    expect(told({ catalogues: structure, dropped: [object(99_999)] })).toMatchObject({ kinds: ['ddl'], words: [] });
  });

  test('that only dropped an index is a change of the schema', () => {
    const work = {
      catalogues: structure,
      dropped: [object(16_388)],
      removed: ['1663/5/16388'],
      locked: [object(16_385)],
    };
    expect(told(work)).toMatchObject({ kinds: ['ddl'], words: ['orders altered'] });
  });

  test('that truncated a table gave it an empty file in place of its own', () => {
    const work = {
      catalogues: structure,
      created: ['1663/5/16500', '1663/5/16501', '1663/5/16502'],
      removed: ['1663/5/16385', '1663/5/16388', '1663/5/16389'],
      locked: [object(16_385)],
    };
    expect(told(work)).toMatchObject({ kinds: ['truncate'], words: ['orders truncated'] });
  });

  test('that rewrote a table filled a new one, exchanged the files and dropped the new one again', () => {
    const work = {
      catalogues: structure,
      created: ['1663/5/16500'],
      removed: ['1663/5/16385'],
      dropped: [object(16_500)],
      locked: [object(16_385), object(16_500)],
    };
    expect(told(work)).toMatchObject({ kinds: ['rewrite'], words: ['orders rewritten'] });
  });

  test('that emptied or rewrote what nobody saw is told by its file', () => {
    const work = { catalogues: structure, created: ['1663/5/70001'], removed: ['1663/5/70000'] };
    expect(told(work)).toMatchObject({ kinds: ['truncate'], words: ['file 1663/5/70000 truncated'] });
    const rewritten = { ...work, dropped: [object(70_001)] };
    expect(told(rewritten)).toMatchObject({ kinds: ['rewrite'], words: ['file 1663/5/70000 rewritten'] });
  });

  test('that deleted and updated rows is told per table, without the parts of long values', () => {
    const rows = ['1663/5/16385', '1663/5/16389', '1663/5/16410', '1663/5/77777'].map((file, index) => ({
      file,
      deleted: index === 2 ? 0 : 10,
      updated: index === 2 ? 5 : 0,
    }));
    expect(told({ rows })).toMatchObject({
      kinds: ['delete', 'update'],
      words: ['orders rows changed', 'totals rows changed', 'file 1663/5/77777 rows changed'],
    });
    expect(told({ otherRows: { deleted: 1, updated: 0 } })).toMatchObject({ kinds: ['delete'], words: [] });
  });

  test('that altered a table is told by what it locked against everybody else', () => {
    const work = { catalogues: structure, locked: [16_385, 16_388].map(object) };
    expect(told(work)).toMatchObject({ kinds: ['ddl'], words: ['orders altered'] });
    // LOCK TABLE alters nothing.
    expect(told({ locked: [object(16_385)] })).toMatchObject({ kinds: [], words: [] });
  });

  test('that changed roles changed no schema', () => {
    expect(told({ catalogues: [{ oid: 1260, changed: 1 }] })).toMatchObject({ kinds: ['roles'] });
    const both = [...structure, { oid: 1261, changed: 1 }];
    expect(told({ catalogues: both })).toMatchObject({ kinds: ['ddl', 'roles'] });
  });

  test('that dropped a database is told, and one that created one is not', () => {
    const databases = [
      { oid: 16_510, what: 'dropped' as const },
      { oid: 16_511, what: 'created' as const },
    ];
    const work = { databases, catalogues: [{ oid: 1262, changed: 1 }] };
    expect(told(work)).toEqual({ kinds: ['drop-database'], words: [], droppedDatabases: [16_510] });
  });

  test('that did nothing of this is not suspicious', () => {
    expect(told({})).toEqual({ kinds: [], words: [], droppedDatabases: [] });
  });
});
