import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';

const good = `
id: agent-1
stateDirectory: /var/lib/barback
socket: /run/barback/executor.sock
signingKeyFile: /etc/barback/signing-key.json
gateway:
  port: 7443
  certificateFile: /etc/barback/gateway.crt
  keyFile: /etc/barback/gateway.key
apis:
  - id: api-1
    publicKey: { kty: OKP, crv: Ed25519, x: ${'A'.repeat(43)} }
servers:
  main:
    barman: { argv: [/usr/bin/barman], user: barman, server: main }
    postgres: { user: postgres, binDirectory: /usr/lib/postgresql/15/bin, dataDirectory: /data, socketDirectory: /run/postgresql, port: 5432 }
`;

test('what is left out has its default', () => {
  const config = parseConfig(good, 'agent.yaml');
  expect(config.gateway.host).toBe('127.0.0.1');
  expect(config.servers['main']?.scratch).toEqual({ freeBytesFloor: 1024 ** 3, keepHours: 72 });
  expect(config.servers['main']?.probeRole).toBe('barback_probe');
});

test.each([
  ['a Debian cluster', '{ kind: debian-cluster, version: 15, cluster: main }'],
  ['pg_ctl', '{ kind: pg_ctl, configDirectory: /srv/pg/conf, logFile: /srv/pg/log }'],
])('live may be started and stopped as %s', (_name, service) => {
  const config = parseConfig(good.replace('port: 5432 }', `port: 5432, service: ${service} }`), 'agent.yaml');
  expect(config.servers['main']?.postgres.service).toMatchObject({ kind: /kind: ([a-z_-]+)/.exec(service)?.[1] });
});

test.each([
  '{ kind: systemd, unit: postgresql }',
  '{ kind: debian-cluster, version: 15, cluster: ../main }',
  '{ kind: debian-cluster, version: 15 }',
  '{ kind: pg_ctl, configDirectory: conf, logFile: /srv/pg/log }',
])('and not by %s', (service) => {
  const text = good.replace('port: 5432 }', `port: 5432, service: ${service} }`);
  expect(() => parseConfig(text, 'agent.yaml')).toThrow('servers.main.postgres.service');
});

test('a pooler is asked over its socket unless it is told where, and another host proves itself', () => {
  const withPooler = (text: string) => `${good}    poolers: { pool: ${text} }\n`;
  const config = parseConfig(withPooler('{ host: /run/postgresql, databases: [shop] }'), 'agent.yaml');
  expect(config.servers['main']?.poolers['pool']).toMatchObject({ port: 6432, role: 'pgbouncer' });
  expect(() => parseConfig(withPooler('{ host: 10.0.0.2, databases: [shop] }'), 'agent.yaml')).toThrow(
    'servers.main.poolers.pool.caFile: name the certificates',
  );
  expect(() =>
    parseConfig(withPooler('{ host: 10.0.0.2, caFile: /etc/ca.pem, databases: [shop] }'), 'f'),
  ).not.toThrow();
  expect(() => parseConfig(withPooler('{ host: /run, databases: [] }'), 'agent.yaml')).toThrow('databases');
  expect(() => parseConfig(withPooler(`{ host: /run, databases: ['a"; SHUTDOWN'] }`), 'agent.yaml')).toThrow(
    'databases',
  );
});

test('all problems are told at once, each with its place', () => {
  const bad = good
    .replace('id: agent-1', 'id: agent 1')
    .replace('port: 7443', 'port: 99999')
    .replace('dataDirectory: /data', 'dataDirectory: /data/../etc')
    .replace('user: barman', 'user: "barman; id"')
    .replace('servers:', 'colour: red\nservers:');
  expect(() => parseConfig(bad, '/etc/barback/agent.yaml')).toThrow(
    /^cannot use the configuration \/etc\/barback\/agent\.yaml:\n(  - .+\n){4}  - .+$/,
  );
  for (const place of [
    'id:',
    'gateway.port:',
    'servers.main.postgres.dataDirectory:',
    'servers.main.barman.user:',
    '"colour"',
  ]) {
    expect(() => parseConfig(bad, 'agent.yaml')).toThrow(place);
  }
});

test.each([
  ['a name given twice', `${good}\nid: agent-2\n`, 'Map keys must be unique'],
  [
    'an alias, which could grow without bound',
    good.replace('- id: api-1', '- &a\n    id: api-1').replace('servers:', '  - *a\nservers:'),
    'write values out',
  ],
  ['no server', good.replace(/servers:[\s\S]*/, 'servers: {}\n'), 'name at least one server'],
  ['a server that is not lower case', good.replace('main:\n', 'Main:\n'), 'servers.Main:'],
  ['a key that is not Ed25519', good.replace('Ed25519', 'X25519'), 'apis.0.publicKey.crv:'],
  ['nothing', '', '(top):'],
])('%s is refused, saying why', (_name, text, why) => {
  expect(() => parseConfig(text, 'agent.yaml')).toThrow(why);
});
