import { expect, test } from 'vitest';
import { objectionTo } from './policy.ts';

const none = { mayReplace: [], never: [] };
const change = (type: string, ...actions: string[]) => ({ address: `${type}.db`, type, actions });

test('what is made or changed in place may be, whatever it is', () => {
  for (const actions of [['create'], ['update'], ['no-op']]) {
    expect(objectionTo(change('hcloud_server', ...actions), none)).toBeNull();
    expect(objectionTo(change('hcloud_volume', ...actions), none)).toBeNull();
  }
});

test('nothing is deleted or replaced that the configuration does not name', () => {
  expect(objectionTo(change('hcloud_server', 'delete', 'create'), none)).toContain('would be replaced');
  expect(objectionTo(change('hcloud_server', 'create', 'delete'), none)).toContain('would be replaced');
  expect(objectionTo(change('hcloud_server', 'delete'), none)).toContain('would be deleted');
  const named = { mayReplace: ['hcloud_server.*'], never: [] };
  expect(objectionTo(change('hcloud_server', 'delete', 'create'), named)).toBeNull();
  expect(
    objectionTo({ ...change('hcloud_server', 'delete'), address: 'module.x.hcloud_server.db' }, named),
  ).not.toBeNull();
});

test.each([
  'hcloud_volume',
  'hcloud_storage_box',
  'hcloud_primary_ip',
  'hcloud_floating_ip',
  'hcloud_snapshot',
  'hcloud_rdns',
  'aws_ebs_volume',
  'aws_eip',
  'aws_s3_bucket',
  'aws_route53_zone',
  'aws_route53_record',
  'digitalocean_volume',
  'digitalocean_reserved_ip',
  'digitalocean_database_cluster',
  'google_compute_disk',
  'google_compute_address',
  'google_storage_bucket',
  'google_dns_managed_zone',
])('%s never goes, whatever the configuration names', (type) => {
  expect(objectionTo(change(type, 'delete', 'create'), { mayReplace: ['*'], never: [] })).toContain('is never');
});

test('what is named under never stays, also where mayReplace has it', () => {
  const policy = { mayReplace: ['*'], never: ['hcloud_server.api'] };
  expect(objectionTo({ address: 'hcloud_server.api', type: 'hcloud_server', actions: ['delete'] }, policy)).toContain(
    'never',
  );
  // A dot is a dot.
  expect(objectionTo({ address: 'hcloud_serverXapi', type: 'hcloud_server', actions: ['delete'] }, policy)).toBeNull();
});

test('an action that is not known is refused', () => {
  expect(objectionTo(change('hcloud_server', 'forget'), { mayReplace: ['*'], never: [] })).toContain('not known');
});

test('an index in an address is taken as it is', () => {
  const policy = { mayReplace: ['hcloud_server.db["a"]'], never: [] };
  expect(
    objectionTo({ address: 'hcloud_server.db["a"]', type: 'hcloud_server', actions: ['delete'] }, policy),
  ).toBeNull();
});
