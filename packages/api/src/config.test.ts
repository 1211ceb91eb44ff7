import { expect, test } from 'vitest';
import { parseApiConfig } from './config.ts';

const good = 'database: /var/lib/barback/api.db\nsigningKeyFile: /var/lib/barback/key.json\nlisten: {port: 7430}\n';

test('a short configuration is completed by the defaults', () => {
  expect(parseApiConfig(good, 'f')).toEqual({
    database: '/var/lib/barback/api.db',
    indexSeconds: 15,
    signingKeyFile: '/var/lib/barback/key.json',
    listen: { host: '127.0.0.1', port: 7430 },
    planHours: 4,
    secrets: {},
    notify: [],
    logLevel: 'info',
  });
});

test('every problem is reported at once, with its place', () => {
  const bad = 'database: api.db\nlisten: {port: 70000}\nplanHours: 0\nfoo: 1\n';
  expect(() => parseApiConfig(bad, '/etc/api.yaml')).toThrow(
    /\/etc\/api\.yaml:\n.*database.*\n.*signingKeyFile.*\n.*listen\.port.*\n.*planHours.*\n.*foo/,
  );
});

test('keys cannot cross the network in the clear', () => {
  const at = (host: string): string => good.replace('{port', `{host: "${host}", port`);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'db1.example.org']) {
    expect(() => parseApiConfig(at(host), 'f')).toThrow(/listen\.tls.*in the clear/);
  }
  for (const host of ['127.0.0.1', '::1', 'localhost']) expect(parseApiConfig(at(host), 'f').listen.host).toBe(host);
});

test('a repeated key, an alias and broken YAML are refused', () => {
  for (const text of [`${good}database: /x\n`, 'a: &x [*x]\n', 'a: ['])
    expect(() => parseApiConfig(text, 'f')).toThrow(/cannot use/);
});
