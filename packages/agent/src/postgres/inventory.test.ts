import { expect, test } from 'vitest';
import { clusterInventorySql, differencesOf, type Inventory } from './inventory.ts';

const inventory = (more: Partial<Inventory> = {}): Inventory => ({
  role: { app: 'canlogin connections -1' },
  password: { app: 'digest 1' },
  membership: { 'app in readers': 'member' },
  database: { system: 'owner postgres UTF8 C C' },
  extension: { 'system.hstore': '1.8' },
  ...more,
});

test('two clusters that are alike have no differences', () => {
  expect(differencesOf(inventory(), inventory(), 'barback_probe')).toEqual([]);
});

test('what one of them lacks or has otherwise is named, and of passwords nothing but that they differ', () => {
  const copy = inventory({ password: { app: 'digest 2' }, extension: { 'system.hstore': '1.7' }, membership: {} });
  const live = inventory({ role: { app: 'canlogin connections -1', admin: 'super connections -1' } });
  const found = differencesOf(copy, live, 'barback_probe');
  expect(found).toEqual([
    { what: 'role', name: 'admin', copy: null, live: 'super connections -1' },
    { what: 'password', name: 'app', copy: 'set', live: 'set' },
    { what: 'membership', name: 'app in readers', copy: null, live: 'member' },
    { what: 'extension', name: 'system.hstore', copy: '1.7', live: '1.8' },
  ]);
  expect(JSON.stringify(found)).not.toContain('digest');
});

test("the probe's own role, which a copy may have been given, is no difference", () => {
  const role = { ...inventory().role, barback_probe: 'canlogin connections -1' };
  const membership = { ...inventory().membership, 'barback_probe in pg_read_all_data': 'member' };
  expect(differencesOf(inventory({ role, membership }), inventory(), 'barback_probe')).toEqual([]);
});

test('a salt that is no plain hexadecimal never gets into SQL', () => {
  expect(() => clusterInventorySql("' || (SELECT 1) || '")).toThrow('cannot use a salt');
});
