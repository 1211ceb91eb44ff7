import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ApplyLog } from './apply-log.ts';

const read = (name: string): ApplyLog => {
  const text = readFileSync(path.join(import.meta.dirname, '../../fixtures/terraform-1.11.4', name), 'utf8');
  const log = new ApplyLog();
  // In pieces, as they come.
  for (let at = 0; at < text.length; at += 100) log.add(text.slice(at, at + 100));
  return log;
};

test('an apply that came to its end has its counts', () => {
  const log = read('apply.jsonl');
  expect([log.applied, log.summary, log.errors]).toEqual([3, { add: 3, change: 0, remove: 0 }, []]);
});

test('an apply that failed names the resource and what failed, and not what a provisioner said', () => {
  const log = read('apply-failed.jsonl');
  expect(log.summary).toBeNull();
  expect(log.errors).toEqual(['terraform_data.server: local-exec provisioner error']);
  expect(JSON.stringify(log)).not.toContain('canary-of-a-provisioner"');
});
