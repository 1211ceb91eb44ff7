import { expect, test } from 'vitest';
import { startWords } from './start-words.ts';

test.each([
  [
    'a bad setting',
    `2026-11-26 12:00:00.000 UTC [1] LOG:  invalid value for parameter "max_connections": "many"
2026-11-26 12:00:00.001 UTC [1] FATAL:  configuration file "/etc/postgresql/15/main/postgresql.conf" contains errors
pg_ctl: could not start server
Examine the log output.`,
    'LOG:  invalid value for parameter "max_connections": "many"; FATAL:  configuration file "/etc/postgresql/15/main/postgresql.conf" contains errors',
  ],
  [
    'a port that is taken',
    `2026-11-26 12:00:00.000 UTC [1] LOG:  starting PostgreSQL 15
2026-11-26 12:00:00.000 UTC [1] LOG:  could not bind IPv4 address "127.0.0.1": Address already in use
2026-11-26 12:00:00.000 UTC [1] HINT:  Is another postmaster already running on port 5432? If not, wait a few seconds and retry.
2026-11-26 12:00:00.001 UTC [1] FATAL:  could not create any TCP/IP sockets
2026-11-26 12:00:00.001 UTC [1] LOG:  database system is shut down`,
    'LOG:  could not bind IPv4 address "127.0.0.1": Address already in use; HINT:  Is another postmaster already running on port 5432? If not, wait a few seconds and retry.; FATAL:  could not create any TCP/IP sockets',
  ],
  [
    'a hint behind the last word',
    '[1] FATAL:  could not open directory "pg_wal"\n[1] HINT:  Look there.\n[1] LOG:  database system is shut down',
    'FATAL:  could not open directory "pg_wal"; HINT:  Look there.',
  ],
  ['the wrapper alone', 'Error: Cluster is disabled', 'Error: Cluster is disabled'],
  ['nothing that it knows', 'one\ntwo\n', 'two'],
  ['nothing', '', ''],
])('why a server did not start is told in its own words: %s', (_name, text, words) => {
  expect(startWords(text)).toBe(words);
});
