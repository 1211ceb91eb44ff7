import { expect, test } from 'vitest';
import { withApi } from './config-with-api.ts';

const publicKey = { kty: 'OKP', crv: 'Ed25519', x: 'a'.repeat(43) } as const;
const api = { id: 'api-1', publicKey };

test('an api is added to a configuration that names none, and every comment stays', () => {
  const text = withApi('# ours\nid: db1 # the host\nservers: {}\n', api);
  expect(text).toContain('# ours');
  expect(text).toContain('id: db1 # the host');
  expect(text).toMatch(/apis:\n {2}- id: api-1/);
  expect(withApi(text ?? '', api)).toBeNull();
});

test('another api is added beside the first, and one that is known by another key is refused', () => {
  const first = withApi('id: db1\napis: []\n', api) ?? '';
  const both = withApi(first, { id: 'api-2', publicKey }) ?? '';
  expect(both.match(/id: api-[12]/g)).toHaveLength(2);
  expect(() => withApi(first, { ...api, publicKey: { ...publicKey, x: 'b'.repeat(43) } })).toThrow('another key');
  expect(() => withApi('a: [', api)).toThrow('check-config');
});
