import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../db/database.ts';
import { temporaryDatabase, type TemporaryDatabase } from '../db/testing/temporary-database.ts';
import { databaseNames, relationNames } from '../db/wal-schema.ts';
import { write } from '../db/write.ts';
import { loadRelationMemory } from './load-relation-memory.ts';

let temporary: TemporaryDatabase;
let database: Database;
beforeEach(() => {
  temporary = temporaryDatabase();
  ({ database } = temporary);
});
afterEach(() => {
  temporary.remove();
});

function seen(oid: number, name: string, file: string, { at: lastSeenAt = 1, server = 'main' } = {}): void {
  const relation = {
    server,
    database: 5,
    oid,
    file,
    schema: 'public',
    name,
    kind: 'r',
    owner: null,
    rows: 10,
    lastSeenAt,
  };
  write(database, (tx) => tx.insert(relationNames).values(relation).run());
}

const memory = () => loadRelationMemory(database.orm, 'main');

describe('a relation is remembered', () => {
  test('by every file that it ever had, and by its OID', () => {
    seen(16_385, 'orders', '1663/5/16385', { at: 1 });
    seen(16_385, 'orders', '1663/5/16500', { at: 2 });
    for (const file of ['1663/5/16385', '1663/5/16500']) expect(memory().byFile(file)?.name, file).toBe('orders');
    expect(memory().byOid(5, 16_385)).toEqual({
      database: 5,
      oid: 16_385,
      schema: 'public',
      name: 'orders',
      kind: 'r',
      owner: null,
      rows: 10,
    });
    const relation = memory().byOid(5, 16_385);
    expect(relation && memory().filesOf(relation)).toEqual(['1663/5/16500', '1663/5/16385']);
  });

  test('by its newest name', () => {
    seen(16_385, 'old', '1663/5/16385', { at: 1 });
    seen(16_385, 'new', '1663/5/16500', { at: 2 });
    expect(memory().byOid(5, 16_385)?.name).toBe('new');
  });

  test('by its first file, also when it was only seen with another', () => {
    seen(16_385, 'orders', '1663/5/16500');
    expect(memory().byFile('1663/5/16385')?.name).toBe('orders');
    expect(memory().byFile('16422/5/16385')?.name).toBe('orders');
    expect(memory().byFile('1663/6/16385')).toBeUndefined();
  });

  test('of one server alone', () => {
    seen(16_385, 'orders', '1663/5/16385', { server: 'other' });
    expect(memory().byFile('1663/5/16385')).toBeUndefined();
    expect(memory().byOid(5, 16_385)).toBeUndefined();
  });

  test('with the name of its database, if that was ever learned', () => {
    write(database, (tx) =>
      tx.insert(databaseNames).values({ server: 'main', oid: 5, name: 'shop', lastSeenAt: 1 }).run(),
    );
    expect([5, 6].map((oid) => memory().databaseName(oid))).toEqual(['shop', undefined]);
  });
});
