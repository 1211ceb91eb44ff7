import type { Micros } from '@barback/shared/postgres/instant.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import type { WalEnd } from '@barback/shared/operations/wal-index.ts';
import type { ExactEnd } from '../window/index-reader.ts';
import { ProblemError, problemTypeOf } from '@barback/shared/wire/problem.ts';
import { divergence, ownerOf, type Stretch, type TimelinePath } from '../window/timeline-tree.ts';
import type { Candidate, Surroundings } from './resolution.ts';
import type { Search } from './search.ts';

/** Commits behind the stop with an earlier time that are listed at most. */
const stampedEarlierMax = 20;

/** A place in WAL, on a path. */
interface Place {
  readonly path: TimelinePath;
  readonly position: number;
  /** Whether what begins exactly there is before the place. */
  readonly inclusive: boolean;
}

/** The transactions on both sides of a stop, and what of live's history lies behind it. */
export async function lookAround(
  search: Search,
  path: TimelinePath,
  candidate: Candidate,
  time: Micros | null,
): Promise<Surroundings> {
  const place = { path, position: candidate.position, inclusive: candidate.inclusive };
  const { before, behind } = await endsAround(search, place);
  const lastKept = before.findLast(isCommit) ?? lastCommitBefore(search, place);
  return {
    lastKept,
    // An LSN stop at the very record of an end returns before its time is taken down (recoveryStopsAfter, xlogrecovery.c, 15–17).
    lastEnd: before.findLast((end) => end.position < candidate.position) ?? null,
    firstUndone: behind.find(isCommit) ?? firstCommitBehind(search, place),
    lost: await lostBehind(search, place, lastKept),
    stampedEarlier:
      time === null ? [] : behind.filter((end) => isCommit(end) && end.time <= time).slice(0, stampedEarlierMax),
  };
}

async function endsAround({ picture, exact }: Search, { path, position, inclusive }: Place) {
  const number = Math.floor(position / picture.state.segmentBytes);
  const ends = await exact.ends(ownerOf(path, number), number);
  const isBefore = (end: ExactEnd): boolean => end.position < position || (inclusive && end.position === position);
  return { before: ends.filter(isBefore), behind: ends.filter((end) => !isBefore(end)) };
}

function lastCommitBefore(search: Search, place: Place): ExactEnd | null {
  const number = Math.floor(place.position / search.picture.state.segmentBytes);
  return lastCommitOn(search, place.path, number - 1);
}

/** The newest commit on a path, up to a segment. */
function lastCommitOn({ index }: Search, path: TimelinePath, last: number | null): ExactEnd | null {
  for (const span of spansOf(path, 0, last).toReversed()) {
    const row = index.lastWithCommit(span);
    if (row?.lastCommit) return exactOf(row.lastCommit);
  }
  return null;
}

function firstCommitBehind({ picture, index }: Search, { path, position }: Place): ExactEnd | null {
  const number = Math.floor(position / picture.state.segmentBytes);
  for (const span of spansOf(path, number + 1, null)) {
    const row = index.firstWithCommit(span);
    if (row?.firstCommit) return exactOf(row.firstCommit);
  }
  return null;
}

/** What live's own history has behind the stop, or behind the point where it left the stop's branch. */
async function lostBehind(search: Search, stop: Place, lastKept: ExactEnd | null): Promise<Surroundings['lost']> {
  const { livePath, state } = search.picture;
  if (!livePath) return { transactions: 0, seconds: null };
  const parting = divergence(stop.path, livePath);
  const place: Place =
    stop.position < parting ? { ...stop, path: livePath } : { path: livePath, position: parting, inclusive: false };
  const number = Math.floor(place.position / state.segmentBytes);
  const behind = await endsBehind(search, place);
  if (behind === null) return null;
  const later = spansOf(livePath, number + 1, null).reduce((sum, span) => sum + search.index.commits(span), 0);
  const transactions = behind.filter(isCommit).length + later;
  if (transactions === 0) return { transactions, seconds: 0 };
  const newest = lastCommitOn(search, livePath, null);
  const seconds = newest && lastKept ? Math.max(0, newest.time - lastKept.time) / 1_000_000 : null;
  return { transactions, seconds };
}

/** Null where live's own segment cannot be read: what another branch has can be restored all the same. */
async function endsBehind(search: Search, place: Place): Promise<readonly ExactEnd[] | null> {
  try {
    return (await endsAround(search, place)).behind;
  } catch (error) {
    if (error instanceof ProblemError && problemTypeOf(error.problem) === 'wal-missing') return null;
    throw error;
  }
}

/** The segments of a path between two numbers, by timeline, in order. */
function spansOf({ stretches }: TimelinePath, first: number, last: number | null): Stretch[] {
  return stretches.flatMap((stretch) => {
    const from = Math.max(first, stretch.first);
    const ends = [stretch.last, last].filter((end) => end !== null);
    const to = ends.length === 0 ? null : Math.min(...ends);
    return to !== null && from > to ? [] : [{ timeline: stretch.timeline, first: from, last: to }];
  });
}

function exactOf({ xid, lsn, time }: WalEnd): ExactEnd {
  return { kind: 'commit', xid, position: lsnToNumber(lsn), time };
}

function isCommit(end: ExactEnd): boolean {
  return end.kind === 'commit';
}
