import { describe, expect, test } from 'vitest';
import { planRequestSchema } from '../plan-request.ts';
import { clearCutover, cutoverCases } from '../testing/cutover.ts';
import { findingCatalogue } from './catalogue.ts';
import { cutoverFindings } from './cutover-rules.ts';

describe('a finding about the replacement of live', () => {
  test.each(cutoverCases)('%s (%s) is found when planted, and nothing else', (code, severity, facts) => {
    const found = cutoverFindings(clearCutover(facts));
    expect(found.map((one) => [one.code, one.severity])).toEqual([[code, severity]]);
    expect(findingCatalogue[found[0]?.code ?? 'space'].severities).toContain(severity);
    expect(found[0]?.remedy).not.toBe('');
  });

  test('offers the extract as the request that can be sent', () => {
    const [found] = cutoverFindings(clearCutover(cutoverCases.at(-1)?.[2]));
    const body = JSON.parse(found?.remedy.slice(found.remedy.indexOf('{')) ?? '') as unknown;
    expect(planRequestSchema.parse(body)).toMatchObject({
      scenario: 'extract',
      options: { database: 'shop', tables: ['public.invoices'], into: { schema: 'restored' } },
    });
  });

  test('is not made of a server that can be replaced', () => {
    expect(cutoverFindings(clearCutover())).toEqual([]);
  });
});
