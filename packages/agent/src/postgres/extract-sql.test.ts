import { describe, expect, test } from 'vitest';
import {
  createSchemaScript,
  doubledNames,
  dumpArgv,
  isLoaded,
  isMoved,
  isOurs,
  moveScript,
  objectionTo,
  objectionToLoad,
  restoreArgv,
  type ExtractTable,
} from './extract-sql.ts';

const plan = '01m83wec9s5hpknax5fqgkq4z2';
const target = { binDirectory: '/bin', socketDirectory: '/run/x', port: 5432, role: 'postgres', database: "o'clock" };

function table(name: string, kind = 'r'): ExtractTable {
  const [schema = '', relation = ''] = name.split('.');
  return { name, kind, schema, relation, persistence: 'p', ofExtension: false, columnWithCode: null, bytes: 1 };
}

describe('tables that are extracted', () => {
  test('are plain tables of the copy, each name once', () => {
    expect(objectionTo('public.a', table('public.a'))).toBeNull();
    expect(objectionTo('public.a', undefined)).toContain('not in the copy');
    for (const kind of ['p', 'f', 'v', 'm', 'S'])
      expect(objectionTo('public.a', table('public.a', kind))).not.toBeNull();
    expect(objectionTo('pg_catalog.pg_authid', table('pg_catalog.pg_authid'))).toContain('PostgreSQL itself');
    expect(objectionTo('public.a', { ...table('public.a'), persistence: 'u' })).toContain('unlogged');
    expect(objectionTo('public.a', { ...table('public.a'), ofExtension: true })).toContain('extension');
    expect(objectionToLoad(table('public.a'))).toBeNull();
    expect(objectionToLoad({ ...table('public.a'), columnWithCode: 'tags' })).toContain('public.a.tags holds a domain');
    expect(doubledNames([table('a.x'), table('b.x'), table('b.y')])).toEqual(['x']);
  });

  test('are named to pg_dump so that nothing in a name is a pattern, and one that is missing is an error', () => {
    const argv = dumpArgv(target, [table('public.we"ird*')]);
    expect(argv).toContain('--table="public"."we""ird*"');
    expect(argv).toContain('--strict-names');
    expect(argv).toContain("--dbname=dbname='o\\'clock'");
  });

  test('move in one transaction, after what leads out of them was taken off', () => {
    const script = moveScript([table('public.a')], [{ what: 'x', statement: 'DROP TRIGGER t ON public.a' }], {
      schema: 'restored',
      plan,
    });
    expect(script.split('\n')).toEqual([
      'BEGIN;',
      'DROP TRIGGER t ON public.a;',
      'CREATE SCHEMA "restored";',
      'ALTER TABLE "public"."a" SET SCHEMA "restored";',
      `COMMENT ON SCHEMA "restored" IS 'Barback plan ${plan}: moved';`,
      'COMMIT;',
      '',
    ]);
  });

  test('are loaded all or not at all', () => {
    expect(restoreArgv(target)).toEqual(expect.arrayContaining(['--exit-on-error', '--single-transaction']));
  });
});

test('a schema of live is taken for a plan’s own only by its comment', () => {
  const [, mark = ''] = /IS '(.*)'/.exec(createSchemaScript('restored', plan)) ?? [];
  expect(isOurs(mark, plan)).toBe(true);
  expect(isLoaded(mark, plan)).toBe(false);
  expect(isMoved(mark, plan)).toBe(false);
  for (const other of [null, undefined, '', 'a schema']) expect(isOurs(other, plan)).toBe(false);
  expect(isOurs(mark, '01m83wec9s5hpknax5fqgkq4z3')).toBe(false);
});
