import type { Params, Result } from '@barback/shared/operations/index.ts';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import type { Lsn } from '@barback/shared/postgres/lsn.ts';

type Expectation = NonNullable<Params<'scratch-replay'>['expect']>;
type Bounds = Pick<Result<'scratch-replay'>, 'lastReplayed' | 'firstSkipped'>;

/** What the stopped copy says of itself, and what its WAL says. */
export interface Stop extends Bounds {
  /** In PostgreSQL's log line. */
  readonly record: Lsn | null;
  /** `pg_last_xact_replay_timestamp()`; null when nothing was replayed since the start. */
  readonly lastEndTime: number | null;
}

/**
 * Where a stop differs from the plan, in words; empty when it is the planned one. With an LSN as target PostgreSQL logs only the
 * location, so the transactions on both sides are compared too (T17).
 */
export function differencesFromPlan(expected: Expectation, stop: Stop): string[] {
  const differences: string[] = [];
  if (stop.record !== expected.record) {
    differences.push(`it stopped at ${stop.record ?? 'no location'} instead of ${expected.record}`);
  }
  for (const [what, planned, found] of [
    ['the last transaction in the copy', expected.lastKept, stop.lastReplayed],
    ['the first transaction left out', expected.firstUndone, stop.firstSkipped],
  ] as const) {
    // Beyond what was looked at, nothing is claimed.
    if (planned === null || found === null) continue;
    if (planned.xid !== found.xid || planned.lsn !== found.lsn) {
      differences.push(`${what} is ${found.xid} at ${found.lsn} instead of ${planned.xid} at ${planned.lsn}`);
    }
  }
  const { lastEndTime } = expected;
  if (lastEndTime !== null && stop.lastEndTime !== null && lastEndTime !== stop.lastEndTime) {
    differences.push(
      `the last replayed transaction is of ${formatInstant(stop.lastEndTime)} instead of ${formatInstant(lastEndTime)}`,
    );
  }
  return differences;
}
