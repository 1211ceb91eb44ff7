import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { canonicalChanges, goneResources, planJsonSchema, resourceChanges } from './plan-json.ts';

const fixture = (name: string) =>
  planJsonSchema.parse(
    JSON.parse(readFileSync(path.join(import.meta.dirname, '../../fixtures/terraform-1.11.4', name), 'utf8')),
  );

test('what a plan of Terraform 1.11 makes, changes, replaces and deletes is read', () => {
  expect(resourceChanges(fixture('plan-create.json')).map(({ actions }) => actions)).toEqual([
    ['create'],
    ['create'],
    ['create'],
  ]);
  const changes = new Map(resourceChanges(fixture('plan-replace.json')).map((one) => [one.address, one.actions]));
  expect(changes.get('terraform_data.gone')).toEqual(['delete']);
  expect(changes.get('terraform_data.server')).toEqual(['delete', 'create']);
  expect(changes.get('terraform_data.volume')).toEqual(['update']);
});

test('the same changes are the same text in whatever order they come, and another value is another text', () => {
  const plan = fixture('plan-replace.json');
  const turned = {
    ...plan,
    resource_changes: plan.resource_changes
      .toReversed()
      .map((one) => Object.fromEntries(Object.entries(one).toReversed())),
  };
  const text = canonicalChanges(plan);
  expect(canonicalChanges(planJsonSchema.parse(turned))).toBe(text);
  const other = JSON.parse(JSON.stringify(plan).replace('debian-13', 'debian-14')) as unknown;
  expect(canonicalChanges(planJsonSchema.parse(other))).not.toBe(text);
});

test('a plan of a format that is not known is not read', () => {
  expect(planJsonSchema.safeParse({ format_version: '2.0', resource_changes: [] }).success).toBe(false);
});

test('what the refresh found to be gone is named, and what it found changed is not', () => {
  const drifted = (address: string, ...actions: string[]) => ({ address, change: { actions } });
  const plan = planJsonSchema.parse({
    format_version: '1.2',
    resource_drift: [drifted('hcloud_server.db', 'delete'), drifted('hcloud_firewall.db', 'update')],
  });
  expect(goneResources(plan)).toEqual(['hcloud_server.db']);
  expect(goneResources(planJsonSchema.parse({ format_version: '1.2' }))).toEqual([]);
});
