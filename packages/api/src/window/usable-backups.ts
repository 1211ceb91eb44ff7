import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { parseSegmentName } from '@barback/shared/postgres/segment.ts';
import type { WalState } from '../wal-index/wal-state.ts';
import { timelineAt, type TimelinePath } from './timeline-tree.ts';
import { reachFrom, type Break, type Reach } from './wal-reach.ts';

/** A backup with the coordinates that a restore needs. */
export interface UsableBackup {
  readonly backup: Backup;
  readonly timeline: number;
  readonly beginNumber: number;
  /** Restorable from here on. */
  readonly end: number;
  readonly endTime: Micros;
}

/** Why a backup cannot be restored by Barback; empty when it can. */
export function objections(backup: Backup, state: Pick<WalState, 'systemIdentifier'>): readonly string[] {
  const reasons = [...backup.unsupportedReasons];
  if (backup.status !== 'DONE' && reasons.length === 0) reasons.push(`it is ${backup.status}, not DONE`);
  if (isForeign(backup, state.systemIdentifier)) {
    reasons.push(
      `it is of the cluster ${backup.systemIdentifier}; the WAL that Barman holds is of ${state.systemIdentifier}`,
    );
  }
  return reasons;
}

/** Whether a backup is known to be of another cluster. */
export function isForeign({ systemIdentifier }: Backup, known: string | null): boolean {
  return systemIdentifier !== null && known !== null && systemIdentifier !== known;
}

/** Newest first. */
export function usableBackups(
  backups: readonly Backup[],
  state: Pick<WalState, 'systemIdentifier' | 'segmentBytes'>,
): readonly UsableBackup[] {
  return backups
    .flatMap((backup) => {
      const usable = objections(backup, state).length === 0 ? coordinatesOf(backup, state.segmentBytes) : undefined;
      return usable ? [usable] : [];
    })
    .toSorted((a, b) => b.end - a.end || b.timeline - a.timeline);
}

/** Undefined while the backup is not complete enough to have them. */
export function coordinatesOf(backup: Backup, segmentBytes: number): UsableBackup | undefined {
  const { timeline, endLsn, endTime, beginWal } = backup;
  if (timeline === null || endLsn === null || endTime === null || beginWal === null) return undefined;
  const begin = parseSegmentName(beginWal, segmentBytes);
  return begin && { backup, timeline, beginNumber: Number(begin.number), end: lsnToNumber(endLsn), endTime };
}

/**
 * Whether a backup can be replayed along a path: it was taken on it. PostgreSQL stops otherwise with "requested timeline N is
 * not a child of this server's history".
 */
export function isOnPath({ timeline, end }: UsableBackup, path: TimelinePath): boolean {
  if (timeline === path.timeline) return true;
  const until = path.switches.find((one) => one.timeline === timeline);
  return until !== undefined && end <= until.position && timelineAt(path, end - 1) === timeline;
}

/** How far a backup can be rolled forward along a path. */
export function reachOf(backup: UsableBackup, path: TimelinePath, state: WalState): Reach {
  return reachFrom(state, path, backup.beginNumber);
}

/** Whether all WAL is there that the backup itself needs: otherwise it cannot even be made consistent. */
export function isConsistent(
  backup: UsableBackup,
  breaks: Break,
  { segmentBytes }: Pick<WalState, 'segmentBytes'>,
): boolean {
  return breaks.number > Math.floor((backup.end - 1) / segmentBytes);
}
