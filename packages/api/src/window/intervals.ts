import type { WalEnd } from '@barback/shared/operations/wal-index.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import type { IndexReader } from './index-reader.ts';
import { ownBegin, type TimelinePath } from './timeline-tree.ts';
import { isConsistent, isOnPath, reachOf } from './usable-backups.ts';
import type { Break } from './wal-reach.ts';
import type { WalPicture } from './wal-picture.ts';

/** An unbroken set of instants of one timeline that can be restored, all of them. */
export interface Interval {
  readonly timeline: number;
  /** Positions in bytes: from the end of a backup, or where the timeline begins, to the last record. */
  readonly from: number;
  readonly to: number;
  /** When the backup ended at whose end the interval begins; null when it begins where the timeline does. */
  readonly fromTime: Micros | null;
  /** The last commit in it; null when there is none. */
  readonly lastCommit: WalEnd | null;
  /** Backups from which it is reached, newest first. */
  readonly backups: readonly string[];
  /** Why it ends. */
  readonly ends: Break['is'];
}

/** The window: the union over all usable backups and timelines, each part told on the timeline that it belongs to. */
export function intervalsOf(picture: WalPicture, index: IndexReader): readonly Interval[] {
  return picture.paths
    .flatMap((path) => mergedIntervals(reachable(picture, path)))
    .map((one) => ({
      ...one,
      lastCommit: lastCommitIn(picture, index, one),
    }));
}

type Raw = Omit<Interval, 'lastCommit'>;

function reachable(picture: WalPicture, path: TimelinePath): Raw[] {
  const begin = ownBegin(path);
  return picture.usable
    .filter((backup) => isOnPath(backup, path))
    .flatMap((backup): Raw[] => {
      const { position, breaks } = reachOf(backup, path, picture.state);
      const from = Math.max(backup.end, begin);
      if (position === null || !isConsistent(backup, breaks, picture.state) || position < begin) return [];
      const isOwn = backup.end >= begin;
      return [
        {
          timeline: path.timeline,
          from,
          to: Math.max(position, from),
          fromTime: isOwn ? backup.endTime : null,
          backups: [backup.backup.id],
          ends: breaks.is,
        },
      ];
    });
}

/** Overlapping ones are one: what the newer backup reaches, the older one reaches too, or it ends at a break before. */
function mergedIntervals(raw: readonly Raw[]): Raw[] {
  const merged: Raw[] = [];
  for (const one of raw.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    const before = merged.at(-1);
    if (before && one.from <= before.to) {
      merged[merged.length - 1] = {
        ...before,
        to: Math.max(before.to, one.to),
        ends: one.to > before.to ? one.ends : before.ends,
        backups: [...new Set([...one.backups, ...before.backups])],
      };
    } else merged.push(one);
  }
  return merged;
}

function lastCommitIn({ state, paths }: WalPicture, index: IndexReader, interval: Raw): WalEnd | null {
  const path = paths.find((one) => one.timeline === interval.timeline);
  if (!path) return null;
  const numberAt = (position: number): number => Math.floor(position / state.segmentBytes);
  const [first, last] = [numberAt(interval.from), numberAt(interval.to)];
  for (const stretch of path.stretches.toReversed()) {
    const span = {
      timeline: stretch.timeline,
      first: Math.max(first, stretch.first),
      last: stretch.last === null ? last : Math.min(last, stretch.last),
    };
    const commit = span.first > span.last ? null : (index.lastWithCommit(span)?.lastCommit ?? null);
    // The last segment may hold commits from before the interval only.
    if (commit && lsnToNumber(commit.lsn) >= interval.from) return commit;
    if (commit) return null;
  }
  return null;
}
