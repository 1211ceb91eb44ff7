import type { Result } from '@barback/shared/operations/index.ts';
import { parseSegmentName } from '@barback/shared/postgres/segment.ts';
import type { Problem } from '@barback/shared/wire/problem.ts';
import type { PlanBasis } from './plan-basis.ts';
import { compared, voidPlan, type Difference } from './plan-differences.ts';

export interface RecheckInput {
  readonly basis: PlanBasis;
  readonly host: Result<'host-facts'>;
  readonly backup: Result<'backup-show'>;
  readonly wal: Result<'wal-facts'>;
}

/** The problem of a plan whose ground has shifted, with every difference; null when all is as it was. Pure. */
export function recheckPlan(input: RecheckInput): Problem | null {
  return voidPlan([...liveDifferences(input), ...backupDifferences(input), ...walDifferences(input)]);
}

/** Live that does not answer differs from nothing. */
function liveDifferences({ basis, host: { live } }: RecheckInput): Difference[] {
  if (live === null) return [];
  return [
    ...compared('the system identifier of live', basis.systemIdentifier, live.systemIdentifier),
    ...compared('the timeline of live', basis.timeline, live.timeline),
  ];
}

function backupDifferences({ basis, backup }: RecheckInput): Difference[] {
  const { id, status, endLsn } = basis.backup;
  return [
    ...compared(`the status of backup ${id}`, status, backup.status),
    ...compared(`the end of backup ${id}`, endLsn, backup.endLsn),
  ];
}

function walDifferences({ basis, wal }: RecheckInput): Difference[] {
  const held = wal.runs.map((run) => spanOf(run, basis.segmentBytes));
  return basis.wal.flatMap((needed) => {
    const { timeline, first, last } = spanOf(needed, basis.segmentBytes);
    for (let number = first; number <= last; ) {
      const run = held.find((one) => one.timeline === timeline && one.first <= number && number <= one.last);
      if (!run)
        return [{ what: `WAL from ${needed.first} to ${needed.last}`, planned: 'complete', found: 'with a hole' }];
      number = run.last + 1n;
    }
    return [];
  });
}

function spanOf({ first, last }: { first: string; last: string }, segmentBytes: number) {
  const [from, to] = [parseSegmentName(first, segmentBytes), parseSegmentName(last, segmentBytes)];
  if (!from || !to) throw new Error(`cannot compare WAL: ${first} to ${last} are no segments`);
  return { timeline: from.timeline, first: from.number, last: to.number };
}
