import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take more than a minute and a half, longest first (npm test, 2 cores, 2026-11-26). Vitest sorts files that it has not
 * timed yet by their size, and the longest of ours are a few lines that call tests kept elsewhere: on a clean checkout they would
 * come last, one core idle.
 */
const longest = [
  'test/e2e/mirror.test.ts',
  'test/e2e/history.test.ts',
  'test/e2e/readme.test.ts',
  'test/e2e/ledger.test.ts',
  'test/faults/interrupted-cutover.test.ts',
  'test/faults/interrupted-drill.test.ts',
  'test/e2e/point-in-time.test.ts',
  'test/e2e/incidents.test.ts',
  'test/e2e/damages.test.ts',
];

/** Starts the longest files first, so that nothing is waited for at the end. */
export class LongestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((one) => moduleId.endsWith(`/${one}`));
      return at < 0 ? longest.length : at;
    };
    return Promise.resolve(files.toSorted((one, other) => rank(one) - rank(other)));
  }
}
