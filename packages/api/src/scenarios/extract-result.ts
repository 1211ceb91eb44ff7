import type { Result } from '@barback/shared/operations/index.ts';
import type { TimedAttempt } from '../engine/decide.ts';
import { drillResult, type DrillResult } from './drill-result.ts';
import type { Step } from './step.ts';
import { resultsOf } from './step-results.ts';

/** What the copy proved, where the tables are, and how many rows they have. */
export interface ExtractResult extends DrillResult {
  readonly dump: Result<'extract-dump'> | null;
  /** Null when they were not loaded. */
  readonly loaded: Result<'extract-load'> | null;
}

/** Puts the result together from what the steps answered. Pure. */
export function extractResult(steps: readonly Step[], attempts: readonly TimedAttempt[]): ExtractResult {
  return {
    ...drillResult(steps, attempts),
    dump: resultsOf(steps, attempts, 'extract-dump')[0]?.result ?? null,
    loaded: resultsOf(steps, attempts, 'extract-load')[0]?.result ?? null,
  };
}
