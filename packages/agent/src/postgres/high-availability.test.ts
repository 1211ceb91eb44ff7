import { expect, test } from 'vitest';
import { haManagerOf, isPatroniPaused } from './high-availability.ts';

test.each([
  [['/usr/bin/python3', '/usr/bin/patroni', '/etc/patroni/15-main.yml'], 'Patroni'],
  [['/opt/venv/bin/python3.11', '/opt/venv/bin/patroni', 'p.yml'], 'Patroni'],
  [['/opt/patroni/patroni', 'p.yml'], 'Patroni'],
  [['/usr/bin/repmgrd', '-f', '/etc/repmgr.conf'], 'repmgrd'],
  [['/usr/bin/pg_autoctl', 'run'], 'pg_auto_failover'],
  [['pg_autoctl: start/stop postgres'], 'pg_auto_failover'],
])('a manager is known by its command line: %j', (argv, manager) => {
  expect(haManagerOf(argv)).toBe(manager);
});

test.each([
  [['/usr/bin/python3', '/usr/bin/patronictl', 'list']],
  [['/usr/bin/vim', '/etc/patroni/patroni']],
  [['/usr/bin/repmgr', 'cluster', 'show']],
  [['postgres: patroni postgres [local] idle']],
  [['npm exec test test/full/patroni']],
  [[]],
])('what only has the name of a manager somewhere is none: %j', (argv) => {
  expect(haManagerOf(argv)).toBeUndefined();
});

test('Patroni is paused exactly when its dynamic configuration says so', () => {
  expect(isPatroniPaused('{"ttl": 30, "pause": true}')).toBe(true);
  expect(isPatroniPaused('{"ttl": 30}')).toBe(false);
  expect(isPatroniPaused('{"ttl": 30, "pause": null}')).toBe(false);
  expect(isPatroniPaused('{"ttl"')).toBeNull();
});
