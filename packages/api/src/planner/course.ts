import type { Backup } from '@barback/shared/operations/backup.ts';
import type { RecoveryTarget } from '@barback/shared/postgres/target.ts';
import type { Answer } from '../targets/resolution.ts';
import type { TimelinePath } from '../window/timeline-tree.ts';
import type { Reach } from '../window/wal-reach.ts';

/** Where a plan goes, and from where: everything about it is decided. */
export interface Course {
  /** As the agent executes it. */
  readonly target: RecoveryTarget;
  /** Recovered along this path. */
  readonly path: TimelinePath;
  readonly backup: Backup;
  /** How far WAL reaches from the backup; null when Barman does not say where the backup's WAL begins. */
  readonly reach: Reach | null;
  /** The stop and what lies around it; null at the two ends of WAL. */
  readonly stop: Omit<Answer, 'path' | 'backup'> | null;
  /** Transactions of live that the restored state does not have; null when that is not known. */
  readonly lost: Answer['lost'];
  /** Segments that are copied beside the backup, by number along the path; null when not known. */
  readonly wal: { readonly first: number; readonly last: number } | null;
}
