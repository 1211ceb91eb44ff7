import { z } from 'zod';

/** What one vitest run did, as its reporter writes it for `scripts/test.ts`. */
export const TestSummary = z.strictObject({
  passed: z.int().nonnegative(),
  /** Failed tests, files that could not be loaded, failed hooks and errors outside any test. */
  failed: z.int().nonnegative(),
  skipped: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  /** Passed only when run again; `reason` is what the first attempt failed with. */
  unsteady: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
});
export type TestSummary = z.infer<typeof TestSummary>;

/** The environment variable that names the file a summary is written to. */
export const SUMMARY_FILE_VARIABLE = 'BARBACK_TEST_SUMMARY';
