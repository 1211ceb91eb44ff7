import type { Micros } from '@barback/shared/postgres/instant.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { leadsTo, type TimelinePath } from '../window/timeline-tree.ts';
import { isConsistent, isOnPath, reachOf, type UsableBackup } from '../window/usable-backups.ts';
import { nameOfSegment } from '../wal-index/segment-range.ts';
import type { Break } from '../window/wal-reach.ts';
import type { WalPicture } from '../window/wal-picture.ts';
import type { Candidate, Refusal, Way } from './resolution.ts';

export interface Wish {
  /** Of a target time: a backup that ended later cannot be rolled back to it. */
  readonly time: Micros | null;
  /** The timeline that the operator named to recover along. */
  readonly timeline: number | undefined;
  /** The backup that the operator named. */
  readonly backupId: string | undefined;
}

/**
 * The path and the base backup for a candidate: the newest usable backup that ends before it on the path, with every segment in
 * between. Live's own path is preferred where several lead there.
 */
export function chooseWay(picture: WalPicture, candidate: Candidate, wish: Wish): Way | Refusal {
  const paths = pathsTo(picture, candidate, wish.timeline);
  const refusals: Refusal[] = [];
  for (const path of paths) {
    const way = wayAlong(picture, candidate, { path, wish });
    if ('backup' in way && 'candidate' in way) return way;
    refusals.push(way);
  }
  // The first path is the natural one.
  return refusals[0] ?? { is: 'no-backup' };
}

function pathsTo(picture: WalPicture, candidate: Candidate, named: number | undefined): TimelinePath[] {
  const { timeline } = candidate;
  const leads = picture.paths.filter((path) => leadsTo(path, candidate, picture.state.segmentBytes));
  if (named !== undefined) return leads.filter((path) => path.timeline === named);
  const rank = (path: TimelinePath): number =>
    path.timeline === picture.livePath?.timeline ? 0 : path.timeline === timeline ? 1 : 2;
  return leads.toSorted((a, b) => rank(a) - rank(b));
}

function wayAlong(
  picture: WalPicture,
  candidate: Candidate,
  { path, wish }: { path: TimelinePath; wish: Wish },
): Way | Refusal {
  const { time, backupId } = wish;
  const { state } = picture;
  const onPath = picture.usable.filter(
    (one) => isOnPath(one, path) && (backupId === undefined || one.backup.id === backupId),
  );
  const before = onPath.filter((one) => one.end <= candidate.position && (time === null || one.endTime <= time));
  let broken: Break | null = null;
  for (const backup of before) {
    const { position, breaks } = reachOf(backup, path, state);
    const reaches = position !== null && position >= candidate.position && isConsistent(backup, breaks, state);
    if (reaches) return { candidate, path, backup };
    broken ??= breaks;
  }
  if (broken) return refusalOf(broken, state.segmentBytes);
  return insideOf(onPath, candidate, time) ?? (onPath.length === 0 ? { is: 'no-backup' } : { is: 'too-early' });
}

/** A target within the run of the oldest backup: there is no state to be had from then. */
function insideOf(onPath: readonly UsableBackup[], { position }: Candidate, time: Micros | null): Refusal | null {
  const backup = onPath.at(-1);
  if (!backup) return null;
  const { beginTime, endTime } = backup.backup;
  const inside =
    time === null
      ? position >= lsnToNumber(backup.backup.beginLsn ?? '0/0') && position < backup.end
      : beginTime !== null && endTime !== null && time >= beginTime && time < endTime;
  return inside ? { is: 'inside-backup', backup } : null;
}

function refusalOf(broken: Break, segmentBytes: number): Refusal {
  switch (broken.is) {
    case 'end':
      return { is: 'too-late', onlyLive: false };
    case 'unread':
      return { is: 'unread', segment: nameOfSegment(broken.timeline, broken.number, segmentBytes) };
    case 'missing': {
      const { timeline, number, last } = broken;
      const name = nameOfSegment(timeline, number, segmentBytes);
      const why = last > number ? `it and ${last - number} more are missing` : 'it is missing';
      return { is: 'broken', timeline, segment: name, why };
    }
    case 'unreadable': {
      const { timeline, number, hole } = broken;
      return { is: 'broken', timeline, segment: nameOfSegment(timeline, number, segmentBytes), why: hole.detail };
    }
  }
}
