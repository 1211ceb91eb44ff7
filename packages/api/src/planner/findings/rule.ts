import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import type { RecoveryTarget } from '@barback/shared/postgres/target.ts';
import type { Reach } from '../../window/wal-reach.ts';
import type { Finding } from '../plan-document.ts';
import type { ReplayedWal } from '../replayed-wal.ts';
import type { ActiveRun } from '../earlier-runs.ts';
import type { ClockDifference } from '../gather.ts';
import type { FindingCode } from './catalogue.ts';

/** What a plan of any scenario is judged by. */
export interface HostFacts {
  readonly host: Result<'host-facts'>;
  /** The run that works on this server now. */
  readonly activeRun: ActiveRun | null;
  /** System identifier that the last plan of this server saw. */
  readonly earlierSystemIdentifier: string | null;
}

export interface FindingFacts extends HostFacts {
  /** What only endangers a restore of live is told in a drill, and keeps the restore from starting. */
  readonly touches: 'copy' | 'archive' | 'live';
  readonly server: string;
  readonly segmentBytes: number;
  readonly backup: Backup;
  readonly target: RecoveryTarget;
  /** Null when the backup does not say where its WAL begins. */
  readonly reach: Reach | null;
  /** Whether all WAL is there that the backup itself needs. */
  readonly isConsistent: boolean;
  /** Whether the target lies on a branch that a later restore gave up. */
  readonly abandoned: boolean;
  readonly replayed: ReplayedWal;
  /** Of the cluster that wrote the WAL; null when not known. */
  readonly walSystemIdentifier: string | null;
  /** Of live, on the filesystem of the copy, that the plan deletes before it makes the copy. */
  readonly freedBytes: number;
  readonly scratchBytes: number;
  readonly walBytes: number | null;
  /** Files and directories of the backup; null when they were not counted. */
  readonly scratchFiles: number | null;
  /** How far the host's clock is ahead of the api's, give or take. */
  readonly clock: ClockDifference;
  /** Whether the operator named the target by a time. */
  readonly asksForTime: boolean;
  readonly probes: number;
}

export type Found = Finding & { readonly code: FindingCode };

/** Looks for one thing that a restore would trip over. Pure. */
export type Rule<F = FindingFacts> = (facts: F) => Found | readonly Found[] | null;
