import type { Backup } from '@barback/shared/operations/backup.ts';
import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import type { RecoveryTarget } from '@barback/shared/postgres/target.ts';
import { isOnPath } from '@barback/shared/postgres/timeline.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { historyOf, type WalFacts } from './wal-path.ts';

export interface BackupQuestion {
  readonly server: string;
  /** The catalogue, in any order. */
  readonly backups: readonly Backup[];
  readonly wal: WalFacts;
  readonly target: RecoveryTarget;
  /** The timeline to recover along. */
  readonly timeline: number;
  /** A backup that the operator names instead of leaving the choice to the planner. */
  readonly backupId: string | undefined;
}

/**
 * The newest usable backup that ends before the target on the target's timeline path. Barman's own choice ignores ancestry,
 * and `latest` is the newest backup even when the target lies before its end (Barman 3.4, recovery_executor.py).
 */
export function chooseBackup(question: BackupQuestion): Backup {
  if (question.backupId !== undefined) return namedBackup(question, question.backupId);
  const usable = question.backups.filter(isUsable);
  if (usable.length === 0) throw noUsableBackup(question);
  const onPath = usable.filter((backup) => isOnTimelinePath(question, backup));
  const inTime = onPath.filter((backup) => endsBefore(backup, question.target));
  const newest = inTime.toSorted((a, b) => (b.endTime ?? 0) - (a.endTime ?? 0)).at(0);
  if (newest) return newest;
  throw unreachable(question, onPath);
}

/** Done, restorable by Barback, and with the coordinates that a choice needs. */
function isUsable(backup: Backup): boolean {
  return (
    backup.status === 'DONE' &&
    backup.unsupportedReasons.length === 0 &&
    backup.endTime !== null &&
    backup.endLsn !== null &&
    backup.timeline !== null
  );
}

function isOnTimelinePath({ wal, timeline }: BackupQuestion, backup: Backup): boolean {
  if (backup.timeline === null || backup.endLsn === null) return false;
  return isOnPath(historyOf(wal, timeline), backup.timeline, backup.endLsn);
}

function endsBefore(backup: Backup, target: RecoveryTarget): boolean {
  return target.type !== 'time' || (backup.endTime ?? Number.POSITIVE_INFINITY) <= target.micros;
}

function namedBackup(question: BackupQuestion, id: string): Backup {
  const backup = question.backups.find((one) => one.id === id);
  if (!backup) {
    throw new ProblemError('backup-not-found', `Barman has no backup ${id} of server ${question.server}`, {
      next: `List them: GET /v1/servers/${question.server}/backups`,
    });
  }
  // An unfinished or unsupported one goes on, so that the findings say everything that is wrong with it at once.
  if (!isUsable(backup)) return backup;
  if (!isOnTimelinePath(question, backup)) {
    throw new ProblemError(
      'target-unreachable',
      `Backup ${id} of timeline ${backup.timeline} is not on the path of timeline ${question.timeline}`,
      { next: `Leave out "backup", or write "target": {"type":"immediate"} to restore it to its own end` },
    );
  }
  if (!endsBefore(backup, question.target)) throw unreachable(question, [backup]);
  return backup;
}

function noUsableBackup({ server, backups }: BackupQuestion): ProblemError {
  const reasons = backups.map((backup) => `${backup.id}: ${backup.unsupportedReasons[0] ?? backup.status}`);
  return new ProblemError(
    backups.some((backup) => backup.status === 'DONE') ? 'unsupported-backup' : 'backup-not-found',
    backups.length === 0
      ? `Barman has no backup of server ${server}`
      : `No backup of server ${server} can be restored: ${reasons.slice(0, 10).join('; ')}`,
    { next: `Make one on the Barman host: barman backup --wait ${server}` },
  );
}

function unreachable({ server, target, timeline }: BackupQuestion, onPath: readonly Backup[]): ProblemError {
  const ends = onPath.flatMap((backup) => (backup.endTime === null ? [] : [backup.endTime]));
  const earliest: Micros | undefined = ends.length === 0 ? undefined : Math.min(...ends);
  if (target.type !== 'time' || earliest === undefined) {
    return new ProblemError(
      'target-unreachable',
      `No backup of server ${server} is on the path of timeline ${timeline}`,
      {
        next: 'Make a base backup on the current timeline, or name an older backup with "backup"',
      },
    );
  }
  const nearest = formatInstant(earliest);
  return new ProblemError(
    'target-unreachable',
    `${formatInstant(target.micros)} lies before the end of the earliest usable backup (${nearest})`,
    {
      next: `Write a time from ${nearest} on, or "target": {"type":"immediate"} for the end of a backup`,
      facts: { earliest: nearest },
    },
  );
}
