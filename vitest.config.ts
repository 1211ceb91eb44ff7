import { defineConfig } from 'vitest/config';
import { LongestFirst } from './scripts/checks/longest-first.ts';
import { SummaryReporter } from './scripts/checks/summary-reporter.ts';

const MINUTE = 60_000;

// One project per kind of test, because they may take differently long. `scripts/test.ts` runs one project after the other.
export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter()],
    passWithNoTests: false,
    allowOnly: false,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/**/*.test.ts', 'scripts/**/*.test.ts', 'test/lab/**/*.test.ts'],
          testTimeout: 2 * MINUTE,
        },
      },
      {
        test: {
          name: 'end-to-end',
          include: ['test/e2e/**/*.test.ts', 'test/faults/**/*.test.ts', 'test/security/**/*.test.ts'],
          // One race in a thousand must not hide what the others found. Each is named at the end, and is a defect to mend.
          retry: 1,
          // What waits has a limit of its own, and says what for. This one is for what does not.
          testTimeout: 40 * MINUTE,
          hookTimeout: 40 * MINUTE,
        },
      },
      {
        test: {
          name: 'guards',
          include: ['test/guards/**/*.test.ts'],
          testTimeout: 5 * MINUTE,
          hookTimeout: 5 * MINUTE,
        },
      },
      {
        test: {
          name: 'full',
          include: ['test/full/**/*.test.ts'],
          testTimeout: 90 * MINUTE,
          hookTimeout: 90 * MINUTE,
        },
      },
    ],
  },
});
