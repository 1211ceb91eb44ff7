import type { Backup } from '@barback/shared/operations/backup.ts';
import type { WalState } from '../wal-index/wal-state.ts';
import { pathOf, timelinesOf, type TimelinePath, type TreeFacts } from './timeline-tree.ts';
import { usableBackups, type UsableBackup } from './usable-backups.ts';

/** A server's WAL and backups, put in order once for many questions. */
export interface WalPicture {
  readonly state: WalState;
  readonly backups: readonly Backup[];
  /** Newest first. */
  readonly usable: readonly UsableBackup[];
  /** Of every timeline whose history is known. */
  readonly paths: readonly TimelinePath[];
  /** The path that live is on: observed, or the newest timeline when it never was. */
  readonly livePath: TimelinePath | undefined;
}

export function pictureOf(state: WalState, backups: readonly Backup[]): WalPicture {
  const held = [...state.complete, ...state.partial];
  const facts: TreeFacts = { segmentBytes: state.segmentBytes, histories: state.histories, held };
  const paths = timelinesOf(facts).flatMap((timeline) => pathOf(facts, timeline) ?? []);
  const livePath = paths.find((one) => one.timeline === state.liveTimeline) ?? paths.at(-1);
  return { state, backups, usable: usableBackups(backups, state), paths, livePath };
}

/** The path of a timeline; undefined when its history is missing. */
export function pathIn({ paths }: WalPicture, timeline: number): TimelinePath | undefined {
  return paths.find((one) => one.timeline === timeline);
}
