import { expect, test } from 'vitest';
import { applicationsSchema } from './application-settings.ts';
import { smokeSchema } from './smoke-settings.ts';

const dokploy = {
  kind: 'dokploy',
  name: 'shop',
  url: 'https://dokploy.example.org',
  secret: 'dokploy',
  service: { type: 'application', id: 'Zx81' },
};
const webhook = {
  kind: 'webhook',
  name: 'billing',
  stopUrl: 'https://hooks.example.org/stop',
  startUrl: 'https://hooks.example.org/start',
  secret: 'hook',
};

const faults = (schema: typeof applicationsSchema | typeof smokeSchema, value: unknown): string[] =>
  (schema.safeParse(value).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);

test('applications of each kind are completed by defaults', () => {
  expect(applicationsSchema.parse([dokploy, webhook, { kind: 'person', name: 'frontend' }])).toMatchObject([
    { role: null, deadlineSeconds: 120 },
    { deadlineSeconds: 60 },
    { kind: 'person' },
  ]);
});

test('PgBouncer is named as the agent knows it, and gives up after ten seconds unless told otherwise', () => {
  const pool = { kind: 'pgbouncer', name: 'pool', pooler: 'main' };
  expect(applicationsSchema.parse([pool])).toMatchObject([{ deadlineSeconds: 10, whenBusy: 'give-up' }]);
  expect(faults(applicationsSchema, [{ ...pool, whenBusy: 'never' }])).toHaveLength(1);
  expect(faults(applicationsSchema, [{ ...pool, pooler: 'main; SHUTDOWN' }])).toHaveLength(1);
});

test('a secret has no place in the settings, and is not sent in the clear', () => {
  for (const [url, message] of Object.entries({
    'http://10.0.0.2:3000': 'expected https:',
    'https://user:pw@dokploy.example.org': 'without user and password',
    'https://dokploy.example.org?key=x': 'without a query',
    'https://dokploy.example.org#x': 'without a query',
    'https://dokploy.example.org/api': 'without a path',
    'file:///': 'expected https:',
    'dokploy.example.org': 'absolute URL',
  })) {
    expect(faults(applicationsSchema, [{ ...dokploy, url }]), url).toEqual([expect.stringContaining(message)]);
  }
  expect(faults(applicationsSchema, [{ ...dokploy, url: 'http://127.0.0.1:3000' }])).toEqual([]);
  expect(faults(applicationsSchema, [{ ...webhook, stopUrl: 'https://h.example.org/x?token=1' }])).toHaveLength(1);
  expect(faults(applicationsSchema, [{ ...dokploy, apiKey: 'dk_x' }])).toHaveLength(1);
});

test('each name is there once and fits a step', () => {
  expect(faults(applicationsSchema, [dokploy, { ...webhook, name: 'shop' }])).toEqual(['1.name: shop is there twice']);
  for (const name of ['Shop', 'a b', '-a', 'a--b', '', 'a'.repeat(32), '1a']) {
    expect(faults(applicationsSchema, [{ ...dokploy, name }]), name).not.toEqual([]);
  }
});

test('checks say what is compared with what', () => {
  const http = { kind: 'http', name: 'health', url: 'https://shop.example.org/health' };
  expect(smokeSchema.parse([http])).toMatchObject([{ method: 'GET', expectStatus: 200, deadlineSeconds: 60 }]);
  expect(faults(smokeSchema, [{ ...http, jsonPath: '$.status', equals: 'UP' }])).toEqual([]);
  expect(faults(smokeSchema, [{ ...http, equals: 'UP' }])).toEqual([expect.stringContaining('0.jsonPath: ')]);
  expect(faults(smokeSchema, [{ ...http, jsonPath: '$..x' }])).toEqual([expect.stringContaining('0.jsonPath: ')]);
  expect(faults(smokeSchema, [{ ...http, jsonPath: '$.x', method: 'HEAD' }])).toEqual([
    expect.stringContaining('0.method'),
  ]);
  expect(faults(smokeSchema, [{ ...http, url: 'ftp://x/' }])).toEqual([expect.stringContaining('0.url: ')]);
  expect(smokeSchema.parse([{ kind: 'sql', name: 'newest', database: 'system', sql: 'SELECT 1' }])).toHaveLength(1);
});
