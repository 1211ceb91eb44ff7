import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseRestoreList, selectEntries, tablesWithData } from './restore-list.ts';

/** Printed by pg_restore 15.18. */
const listed = readFileSync(path.join(import.meta.dirname, '../../fixtures/postgresql-15/restore-list.txt'), 'utf8');

test('every entry of a list of pg_restore 15 is read', () => {
  const entries = parseRestoreList(listed);
  expect(entries).toHaveLength(23);
  expect(entries.map(({ what }) => what)).toContain('TABLE public odd. name postgres');
  expect(tablesWithData(entries)).toBe(2);
});

test('what belongs to a superuser is left out and named; what was made before is passed over', () => {
  const { list, leftOut } = selectEntries(parseRestoreList(listed), { extensions: ['btree_gist'], schemas: ['s'] });
  expect(leftOut).toEqual(['EVENT TRIGGER - et postgres']);
  expect(list).not.toMatch(/EVENT TRIGGER|EXTENSION - btree_gist|SCHEMA - s |COMMENT - EXTENSION/);
  expect(list).toMatch(/EXTENSION - pageinspect/);
  expect(list.trimEnd().split('\n')).toHaveLength(23 - 6);
});

test('a line of another kind is an error', () => {
  expect(() => parseRestoreList('pg_restore: something else\n')).toThrow('cannot read this line');
});
