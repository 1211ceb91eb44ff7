import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { consoleArgv, quoted, showRows } from './console.ts';

const at = { binDirectory: '/usr/lib/postgresql/15/bin', host: '/run/postgresql', port: 6432, role: 'pgbouncer' };

test('the console is asked by psql, encrypted and proven when it is on another host', () => {
  const argv = consoleArgv({ ...at, caFile: null });
  expect(argv.slice(0, 2)).toEqual(['/usr/lib/postgresql/15/bin/psql', '-XAqw']);
  expect(argv.slice(-8)).toEqual(['-h', '/run/postgresql', '-p', '6432', '-U', 'pgbouncer', '-d', 'dbname=pgbouncer']);
  expect(consoleArgv({ ...at, host: 'db.example.org', caFile: "/etc/it's.pem" }).at(-1)).toBe(
    "dbname=pgbouncer sslmode=verify-full sslrootcert='/etc/it\\'s.pem'",
  );
});

test('names are quoted as the grammar of the console wants it', () => {
  expect(quoted('Shop')).toBe('"Shop"');
  expect(quoted('a"b')).toBe('"a""b"');
});

test.each(['1.18.0'])('rows of PgBouncer %s are read by the names of their columns', (version) => {
  const text = readFileSync(new URL(`../../fixtures/pgbouncer-${version}/show-databases.txt`, import.meta.url), 'utf8');
  const rows = showRows(text, ['name', 'port', 'paused']);
  expect(rows.map(({ name }) => name)).toContain('pgbouncer');
  expect(rows.find(({ name }) => name === 'system')).toMatchObject({ paused: '0' });
});

test('a column that is not there is told, and is no guess', () => {
  expect(() => showRows('name\u001Fhost\nsystem\u001F/run\n', ['paused'])).toThrow(
    'PgBouncer shows no column paused, only name, host',
  );
  expect(() => showRows('', ['name'])).toThrow('no column name');
});
