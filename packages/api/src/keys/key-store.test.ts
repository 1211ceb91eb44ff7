import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exportEvents } from '../audit/export-events.ts';
import { systemClock } from '../clock.ts';
import type { Database } from '../db/database.ts';
import { openDatabase } from '../db/open-database.ts';
import { apiKeyPattern } from './api-key.ts';
import { createKey, listKeys, principalOf, revokeKey } from './key-store.ts';

const by = { kind: 'cli', id: 'test' } as const;
let directory: string;
let database: Database;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barback-keys-'));
  database = openDatabase({ path: join(directory, 'db'), clock: systemClock });
});
afterEach(() => {
  database.close();
  rmSync(directory, { recursive: true });
});

test('a key opens for its owner, and is stored nowhere: neither in the tables nor in the log', () => {
  const { id, key } = createKey(database, { name: 'ada', role: 'operator', servers: ['main'] }, by, 1);
  expect(key).toMatch(apiKeyPattern);
  expect(principalOf(database, key, 5)).toEqual({ id, name: 'ada', role: 'operator', servers: ['main'] });
  const stored =
    JSON.stringify(database.sqlite.prepare('SELECT * FROM api_keys').all()) + [...exportEvents(database)].join('');
  expect(stored).toContain(id);
  expect(stored).not.toContain(key);
  expect(stored).not.toContain(key.slice(4));
});

test('a wrong, shortened or revoked key opens nothing', () => {
  const { id, key } = createKey(database, { name: 'ada', role: 'admin', servers: null }, by, 1);
  for (const wrong of ['', 'bbk_', key.slice(0, -1), `${key}a`, key.toUpperCase(), `bbk_${'a'.repeat(43)}`]) {
    expect(principalOf(database, wrong, 5)).toBeNull();
  }
  expect(revokeKey(database, id, by, 2)).toBe(true);
  expect(revokeKey(database, id, by, 3)).toBe(false);
  expect(principalOf(database, key, 5)).toBeNull();
  expect(listKeys(database)).toMatchObject([{ id, revokedAt: 2 }]);
});

test('no two keys are the same', () => {
  const keys = Array.from(
    { length: 50 },
    () => createKey(database, { name: 'x', role: 'viewer', servers: null }, by, 1).key,
  );
  expect(new Set(keys).size).toBe(50);
});

test('a key with an end opens nothing from then on', () => {
  const wanted = { name: 'new host', role: 'enroller', servers: ['main'], expiresAt: 10 } as const;
  const { key } = createKey(database, wanted, by, 1);
  expect(principalOf(database, key, 9)).toMatchObject({ role: 'enroller' });
  expect(principalOf(database, key, 10)).toBeNull();
});
