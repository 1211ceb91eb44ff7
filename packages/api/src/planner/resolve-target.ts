import type { Backup } from '@barback/shared/operations/backup.ts';
import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { toRecoveryTarget, type RecoveryTarget, type Target } from '@barback/shared/postgres/target.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { WalFacts } from './wal-path.ts';

/** The target with exact instants; refuses one that the host has not lived through yet. */
export function resolveTarget(target: Target, hostTime: Micros): RecoveryTarget {
  const resolved = toRecoveryTarget(target);
  if (resolved.type === 'time' && resolved.micros > hostTime) {
    throw new ProblemError(
      'target-unreachable',
      `${formatInstant(resolved.micros)} lies in the future: it is ${formatInstant(hostTime)} on the server's host`,
      { next: 'Write a time in the past, or "target": {"type":"latest"} for everything that Barman holds' },
    );
  }
  return resolved;
}

/**
 * The timeline to recover along, always passed explicitly: live's own while it answers, otherwise the newest that Barman
 * knows; for the end of a named backup, that backup's.
 */
export function timelineOf(
  target: RecoveryTarget,
  facts: { readonly liveTimeline: number | null; readonly wal: WalFacts; readonly backups: readonly Backup[] },
  named: Backup | undefined,
): number {
  if (target.type === 'immediate' && named?.timeline) return named.timeline;
  if (facts.liveTimeline !== null) return facts.liveTimeline;
  return Math.max(
    1,
    ...facts.wal.histories.map((history) => history.timeline),
    ...facts.wal.runs.map((run) => run.timeline),
    ...facts.backups.map((backup) => backup.timeline ?? 1),
  );
}
