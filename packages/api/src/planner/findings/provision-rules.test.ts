import { expect, test } from 'vitest';
import { created, lookWith, provisionCases, provisionFacts } from '../testing/provision.ts';
import { provisionFindings } from './provision-rules.ts';

test.each(provisionCases)(
  '%s (%s) is told, and nothing else but whether the old host is gone',
  (code, severity, given) => {
    const found = provisionFindings(provisionFacts(given)).filter((one) => one.code !== 'old-host');
    expect(found.map((one) => [one.code, one.severity])).toEqual([[code, severity]]);
  },
);

test('a host that does not answer may be there all the same: a person says that it is gone', () => {
  expect(provisionFindings(provisionFacts())).toMatchObject([{ code: 'old-host', severity: 'confirm' }]);
  const codes = provisionFindings(provisionFacts({ oldAnswers: true })).map(({ code }) => code);
  expect(codes).toEqual(['old-host-answers']);
});

test('a host that is made by hand has nothing to judge but whether the old one is gone', () => {
  const found = provisionFindings(provisionFacts({ look: null }));
  expect(found.map(({ code }) => code)).toEqual(['old-host']);
  expect(found[0]?.detail).toContain('no provider was asked');
});

test.each([
  [null, 'its sshd was not asked'],
  ['silent', 'no sshd answers at its address'],
  ['other', 'an sshd answers that has another key'],
] as const)('whoever says that it is gone is told what was seen of it (%s)', (ssh, words) => {
  const facts = provisionFacts({ ssh });
  const [unknown] = provisionFindings(facts);
  expect(unknown?.detail).toContain(words);
  expect(unknown?.detail).toContain('Terraform finds nothing gone');
  const [found] = provisionFindings({ ...facts, look: lookWith([created], ['hcloud_server.db']) });
  expect(found?.detail).toContain('the provider has no more: hcloud_server.db');
});
