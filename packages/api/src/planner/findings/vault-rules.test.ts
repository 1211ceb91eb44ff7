import { expect, test } from 'vitest';
import { sameVault, vaultCases } from '../testing/mirror.ts';
import { vaultFindings } from './vault-rules.ts';

test('a host that has everything is told nothing, whatever its configuration', () => {
  expect(vaultFindings(sameVault)).toEqual([]);
  expect(vaultFindings({ ...sameVault, missingExtensions: null })).toEqual([]);
});

test.each(vaultCases)('%s (%s) is told, and nothing else', (code, severity, planted) => {
  const found = vaultFindings({ ...sameVault, ...planted });
  expect(found.map((one) => [one.code, one.severity])).toEqual([[code, severity]]);
});
