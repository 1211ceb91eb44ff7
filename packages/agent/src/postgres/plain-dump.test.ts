import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectedOf, PlainDumpReader, restricts, versionNumber } from './plain-dump.ts';

const text = readFileSync(path.join(import.meta.dirname, '../../fixtures/postgresql-15/plain-dump.sql'), 'latin1');
const key = /^\\restrict (\w+)$/m.exec(text)?.[1] ?? '';

function read(dump: string, chunkBytes = 1_000_000) {
  const reader = new PlainDumpReader();
  const bytes = Buffer.from(dump, 'latin1');
  for (let at = 0; at < bytes.length; at += chunkBytes) reader.push(bytes.subarray(at, at + chunkBytes));
  return reader.end();
}

describe('a plain dump of pg_dump', () => {
  test.each([1, 7, 100, 1_000_000])(
    'is read in pieces of %i bytes: its rows, sequences and extensions',
    (chunkBytes) => {
      expect(read(text, chunkBytes)).toEqual({
        version: '15.18',
        encoding: 'UTF8',
        key,
        tables: [
          { table: 'public.e', rows: 0 },
          { table: 'public.t', rows: 2 },
        ],
        sequences: [{ sequence: 'public.t_id_seq', last: 2 }],
        extensions: [{ name: 'pg_trgm', schema: 'public' }],
        faults: [],
      });
    },
  );

  test('of before there was a restriction is taken, too', () => {
    const old = text.replace(`\\restrict ${key}\n\n`, '').replace(`\\unrestrict ${key}\n\n`, '');
    expect(read(old)).toMatchObject({ key: null, faults: [] });
  });

  test.each([
    ['cut off anywhere', text.slice(0, text.indexOf('-- PostgreSQL database dump complete')), 'its trailer is missing'],
    ['cut off in its rows', text.slice(0, text.indexOf('2\tline')), 'in the middle of public.t'],
    ['with a command of psql', text.replace('CREATE FUNCTION', '\\! id\nCREATE FUNCTION'), 'commands of psql'],
    [
      'that ends its restriction',
      text.replace('SET row_security', `\\unrestrict ${key}\nSET row_security`),
      'somewhere else',
    ],
    ['that does so behind a statement', text.replace('$$SELECT 1$$', `$$x$$ \\unrestrict ${key}`), 'somewhere else'],
    ['that hides it among rows', text.replace('2\tline', `x\\unrestrict ${key}\n2\tline`), 'somewhere else'],
    ['with something behind its end', `${text}SELECT 1;\n`, 'its trailer is missing'],
    ['with another restriction', text.replace('CREATE TABLE', '\\restrict abc\nCREATE TABLE'), 'commands of psql'],
    ['with owners', text.replace('CREATE TABLE', 'ALTER TABLE public.e OWNER TO x;\nCREATE TABLE'), '--no-owner'],
    [
      'with privileges',
      text.replace('CREATE TABLE', 'GRANT ALL ON SCHEMA public TO x;\nCREATE TABLE'),
      '--no-privileges',
    ],
    [
      'with comments on extensions',
      text.replace('CREATE TABLE', "COMMENT ON EXTENSION x IS 'y';\nCREATE TABLE"),
      '--no-comments',
    ],
    ['of a whole database', text.replace('CREATE TABLE', 'CREATE DATABASE x;\nCREATE TABLE'), '--create'],
    ['without rows', text.replaceAll(/^COPY [^;]*;\n(?:.*\n)*?\\\.\n/gm, ''), 'no rows as COPY'],
    ['that is something else', 'SELECT 1;\nSELECT 2;\n', 'does not begin'],
  ])('%s is refused', (_what, dump, fault) => {
    expect(read(dump).faults.join('; ')).toContain(fault);
  });

  test('has names as the catalogue has them', () => {
    const odd = text
      .replace('COPY public.t (id, b)', 'COPY "odd ""schema"."T.1" ("a b")')
      .replace("setval('public.t_id_seq'", `setval('public."It''s"'`);
    const found = read(odd);
    expect(found.tables[1]).toEqual({ table: 'odd "schema.T.1', rows: 2 });
    expect(found.sequences).toEqual([{ sequence: "public.It's", last: 2 }]);
  });
});

test('after the load there is what the dump has, and nothing in tables that it has no rows of', () => {
  const dump = {
    tables: [{ table: 'a.b', rows: 3 }],
    sequences: [
      { sequence: 'a.s', last: 1 },
      { sequence: 'a.down', last: 9 },
    ],
  };
  const loaded = {
    at: 'now',
    tables: [
      { table: 'a.b', rows: 3 },
      { table: 'a.empty', rows: 0 },
    ],
    sequences: [{ sequence: 'a.s', last: 1 }],
  };
  expect(expectedOf(dump, loaded)).toEqual(loaded);
});

test('versions are compared as numbers, and a psql is known that can be restricted', () => {
  expect(['15.18', '9.6.24', '18beta1', null].map(versionNumber)).toEqual([150_018, 90_006, 180_000, null]);
  expect(['15.13', '15.14', '16.9', '17.6', '18', '12.22'].map(restricts)).toEqual([
    false,
    true,
    false,
    true,
    true,
    false,
  ]);
});
