import type { WalPoint } from '@barback/shared/operations/wal-index.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { lsnToNumber, type Lsn } from '@barback/shared/postgres/lsn.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Search } from '../targets/search.ts';
import type { PlacedPoint, SegmentSpan } from '../window/index-reader.ts';
import { ownerOf } from '../window/timeline-tree.ts';
import type { Course } from './course.ts';

/** Records besides transactions between the begin of the backup and the stop, as far as recovery trips over them. */
export interface ReplayedWal {
  readonly tablespaces: readonly CreatedTablespace[];
  readonly minimal: readonly { readonly lsn: Lsn; readonly nextEnd: Micros | null }[];
}

export interface CreatedTablespace {
  readonly lsn: Lsn;
  readonly path: string;
  /** When the first transaction behind it ended: the record itself has no time. Null when none did in its segment. */
  readonly nextEnd: Micros | null;
}

export const nothingReplayed: ReplayedWal = { tablespaces: [], minimal: [] };

type PointOf<K extends WalPoint['is']> = PlacedPoint & { readonly point: Extract<WalPoint, { is: K }> };

/** What the index knows of the WAL that a plan replays; WAL that is not indexed yet says nothing. */
export async function replayedWal(search: Search, course: Course): Promise<ReplayedWal> {
  const created = replayedPoints(search, course, 'tablespace-created');
  const minimal = replayedPoints(search, course, 'parameters').filter(
    ({ point }) => point.settings['wal_level'] === 'minimal',
  );
  return {
    tablespaces: await Promise.all(
      created.map(async ({ point, position }) => ({
        lsn: point.lsn,
        path: point.path,
        nextEnd: await endBehind(search, course, position),
      })),
    ),
    minimal: await Promise.all(
      minimal.map(async ({ point, position }) => ({
        lsn: point.lsn,
        nextEnd: await endBehind(search, course, position),
      })),
    ),
  };
}

function replayedPoints<K extends WalPoint['is']>({ index }: Search, course: Course, kind: K): PointOf<K>[] {
  return spansOf(course)
    .flatMap((span) => index.points(kind, span))
    .filter((one): one is PointOf<K> => one.point.is === kind && isReplayed(one.position, course))
    .toSorted((a, b) => a.position - b.position);
}

/** The files that a recovery reads, by the timeline in their names. */
function spansOf({ path, wal }: Course): SegmentSpan[] {
  const first = wal?.first ?? 0;
  return path.stretches
    .filter((one) => one.last === null || one.last >= first)
    .map((one) => ({ timeline: one.timeline, first: Math.max(one.first, first), last: one.last }));
}

function isReplayed(position: number, { backup, target }: Course): boolean {
  if (backup.beginLsn !== null && position < lsnToNumber(backup.beginLsn)) return false;
  switch (target.type) {
    case 'latest':
      return true;
    case 'immediate':
      return backup.endLsn === null || position < lsnToNumber(backup.endLsn);
    case 'lsn': {
      const stop = lsnToNumber(target.lsn);
      return target.inclusive ? position <= stop : position < stop;
    }
  }
}

/** What an exact reading cannot tell is not claimed. */
async function endBehind({ exact, picture }: Search, { path }: Course, position: number): Promise<Micros | null> {
  const number = Math.floor(position / picture.state.segmentBytes);
  try {
    const ends = await exact.ends(ownerOf(path, number), number);
    return ends.find((one) => one.position > position)?.time ?? null;
  } catch (error) {
    if (error instanceof ProblemError) return null;
    throw error;
  }
}
