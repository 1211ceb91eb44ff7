import { instantOf, type Target } from '@barback/shared/postgres/target.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { ProblemError, problemTypeOf } from '@barback/shared/wire/problem.ts';
import { rangeWith } from '../wal-index/ranges.ts';
import type { ExactEnd } from '../window/index-reader.ts';
import type { TimelinePath } from '../window/timeline-tree.ts';
import { findByTime } from './find-by-time.ts';
import type { Candidate, Refusal } from './resolution.ts';
import { isOnWay, lineage, ownSpan, ownStart, type Search } from './search.ts';

/** Targets that name a place between the ends of WAL. */
export type PlacedTarget = Exclude<Target, { type: 'immediate' | 'latest' }>;

export type Found = { readonly candidates: readonly Candidate[]; readonly refusal: Refusal | null };

/** The records at which a target stops: none with the reason, one, or one on each of several branches. */
export async function findCandidates(search: Search, target: PlacedTarget): Promise<Found> {
  const paths = lineage(search, target.timeline);
  if (!paths) return none({ is: 'no-such-timeline', timeline: target.timeline ?? 0 });
  const found = await find(search, target, paths);
  return {
    ...found,
    candidates: found.candidates.filter((candidate) => isOnWay(search, target.timeline, candidate)),
  };
}

async function find(search: Search, target: PlacedTarget, paths: readonly TimelinePath[]): Promise<Found> {
  switch (target.type) {
    case 'time':
      return orNone(await findByTime(search, instantOf(target.time), paths), { is: 'too-late', onlyLive: false });
    case 'lsn':
      return orNone(await findByLsn(search, lsnToNumber(target.lsn), target.inclusive, paths), {
        is: 'too-late',
        onlyLive: false,
      });
    case 'xid':
      return orNone(candidatesOf(await endsOf(search, target.xid, paths), target.inclusive), {
        is: 'no-such-transaction',
        xid: target.xid,
      });
    case 'before-transaction':
      return beforeTransaction(search, target.xid, paths);
    case 'name':
      return findByName(search, target.name, paths);
  }
}

async function findByLsn(
  search: Search,
  position: number,
  inclusive: boolean,
  paths: readonly TimelinePath[],
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const path of paths) {
    if (position < ownStart(search, path)) continue;
    const at = await recordAt(search, path.timeline, position);
    if (at !== null) candidates.push({ timeline: path.timeline, position: at, inclusive });
  }
  return candidates;
}

/** A position in WAL that is missing stays a candidate: the way to it will be refused, with the reason. */
async function recordAt({ picture, exact }: Search, timeline: number, position: number): Promise<number | null> {
  const { segmentBytes, complete, partial, ends } = picture.state;
  const number = Math.floor(position / segmentBytes);
  const end = ends.find((one) => one.timeline === timeline);
  if (!end || position > end.position) return null;
  if (!rangeWith([...complete, ...partial], timeline, number)) return position;
  try {
    return await exact.recordAt(timeline, position);
  } catch (error) {
    if (error instanceof ProblemError && problemTypeOf(error.problem) === 'wal-missing') return position;
    throw error;
  }
}

interface PlacedEnd extends ExactEnd {
  readonly timeline: number;
}

/** Where transactions with this xid ended: after a fork, each branch gives out the same numbers again. */
async function endsOf(search: Search, xid: number, paths: readonly TimelinePath[]): Promise<PlacedEnd[]> {
  const found: PlacedEnd[] = [];
  for (const path of paths) {
    const start = ownStart(search, path);
    for (const row of search.index.withXid(ownSpan(search, path), xid)) {
      const ends = await search.exact.ends(path.timeline, row.number);
      for (const end of ends) {
        if (end.xid === xid && end.position >= start) found.push({ ...end, timeline: path.timeline });
      }
    }
  }
  return found;
}

function candidatesOf(ends: readonly PlacedEnd[], inclusive: boolean): Candidate[] {
  return ends.map(({ timeline, position }) => ({ timeline, position, inclusive }));
}

async function beforeTransaction(search: Search, xid: number, paths: readonly TimelinePath[]): Promise<Found> {
  const ends = await endsOf(search, xid, paths);
  const commits = ends.filter((end) => end.kind === 'commit');
  const abort = ends.find((end) => end.kind === 'abort');
  if (commits.length === 0 && abort) return none({ is: 'rolled-back', xid, end: abort });
  return orNone(candidatesOf(commits, false), { is: 'no-such-transaction', xid });
}

function findByName(search: Search, name: string, paths: readonly TimelinePath[]): Found {
  const points = paths.flatMap((path) => {
    const start = ownStart(search, path);
    return search.index.points('restore-point', ownSpan(search, path)).filter((one) => one.position >= start);
  });
  const nameOf = (one: (typeof points)[number]): string => (one.point.is === 'restore-point' ? one.point.name : '');
  const named = points.filter((one) => nameOf(one) === name);
  const known = [...new Set(points.map(nameOf))].slice(-20);
  return orNone(
    named.map(({ timeline, position }) => ({ timeline, position, inclusive: true })),
    { is: 'no-such-name', name, known },
  );
}

function none(refusal: Refusal): Found {
  return { candidates: [], refusal };
}

function orNone(candidates: readonly Candidate[], refusal: Refusal): Found {
  return candidates.length > 0 ? { candidates, refusal: null } : none(refusal);
}
