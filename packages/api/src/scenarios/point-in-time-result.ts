import type { TimedAttempt } from '../engine/decide.ts';
import { cutoverResult, type CutoverResult } from './cutover-result.ts';
import { drillResult, type DrillResult } from './drill-result.ts';
import type { Step } from './step.ts';
import { timesOf } from './step-results.ts';

/** What the copy proved before it took live's place, and how it took it. */
export interface PointInTimeResult extends DrillResult {
  readonly cutover: CutoverResult;
}

/** Puts the result together from what the steps answered; the RTO is from the run's first step until live is open. Pure. */
export function pointInTimeResult(steps: readonly Step[], attempts: readonly TimedAttempt[]): PointInTimeResult {
  const began = attempts[0]?.intendedAt ?? null;
  const { ended } = timesOf(steps, attempts, 'open');
  return {
    ...drillResult(steps, attempts),
    rtoSeconds: began === null || ended === null ? null : (ended - began) / 1_000_000,
    cutover: cutoverResult(steps, attempts),
  };
}
