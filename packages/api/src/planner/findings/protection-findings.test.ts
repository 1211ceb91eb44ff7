import { expect, test } from 'vitest';
import { rebaselineOptionsSchema } from '../../scenarios/rebaseline.ts';
import { abandoned, inUse, protectionCases, slot } from '../testing/protection.ts';
import { host } from '../testing/facts.ts';
import { protectionFindings } from './protection-findings.ts';

test('an abandoned slot on a healthy host has no findings: its remedy starts in one call', () => {
  expect(protectionFindings(abandoned())).toEqual([]);
  expect(protectionFindings(abandoned({ slots: { barman: null, others: [] } }))).toEqual([]);
});

test.each(protectionCases)('%s (%s) is the only finding when its cause is the only one', (code, severity, more) => {
  const found = protectionFindings(abandoned(more));
  expect(found.map((one) => [one.code, one.severity])).toEqual([[code, severity]]);
  expect([found[0]?.detail, found[0]?.remedy].join(' ').length).toBeGreaterThan(40);
});

test('a slot that receive-wal uses is not to be confirmed when it is kept', () => {
  const slots = { barman: slot(inUse), others: [] };
  const keep = rebaselineOptionsSchema.parse({ slot: 'keep' });
  expect(protectionFindings(abandoned({ slots, options: keep }))).toEqual([]);
});

test('the room for a base backup counts the cluster and the floor, to the byte', () => {
  const freeBytes = 1024 ** 3 + 1_000_000;
  const filesystems = [{ role: 'barman', device: '/dev/a', totalBytes: 1e10, freeBytes, freeInodes: 1 }];
  expect(protectionFindings(abandoned({ host: host({ filesystems }) }))).toEqual([]);
});
