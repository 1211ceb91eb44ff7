import { expect, test } from 'vitest';
import { provisionCases, provisionFacts } from '../testing/provision.ts';
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
