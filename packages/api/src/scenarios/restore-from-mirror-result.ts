import type { Result } from '@barback/shared/operations/index.ts';
import type { TimedAttempt } from '../engine/decide.ts';
import { pointInTimeResult, type PointInTimeResult } from './point-in-time-result.ts';
import type { Step } from './step.ts';
import { resultsOf } from './step-results.ts';

/** What came from the box besides what every restore of live has to show; null where the run did not get to it. */
export interface RestoreFromMirrorResult extends PointInTimeResult {
  readonly fetched: Result<'mirror-fetch'> | null;
  readonly home: Result<'barman-home-adopt'> | null;
  readonly filled: Result<'mirror-backfill'> | null;
  readonly reindexed: Result<'live-reindex'> | null;
}

/** Pure. */
export function restoreFromMirrorResult(
  steps: readonly Step[],
  attempts: readonly TimedAttempt[],
): RestoreFromMirrorResult {
  return {
    ...pointInTimeResult(steps, attempts),
    fetched: resultsOf(steps, attempts, 'mirror-fetch')[0]?.result ?? null,
    home: resultsOf(steps, attempts, 'barman-home-adopt')[0]?.result ?? null,
    filled: resultsOf(steps, attempts, 'mirror-backfill')[0]?.result ?? null,
    reindexed: resultsOf(steps, attempts, 'live-reindex')[0]?.result ?? null,
  };
}
