import type { Micros } from '@barback/shared/postgres/instant.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { instantOf } from '@barback/shared/postgres/target.ts';
import { intervalsOf } from '../window/intervals.ts';
import { chooseWay } from './choose-way.ts';
import { findCandidates, type PlacedTarget } from './find-candidates.ts';
import { lookAround } from './look-around.ts';
import { nearestTo } from './nearest.ts';
import type { Answer, Refusal, Resolution } from './resolution.ts';
import { nameOfSegment } from '../wal-index/segment-range.ts';
import { intersected, subtracted } from '../wal-index/ranges.ts';
import { lineage, ownSpan, type Search } from './search.ts';

export interface TargetQuestion {
  readonly target: PlacedTarget;
  /** The backup that the operator named. */
  readonly backupId: string | undefined;
  /** The clock of the server's host. */
  readonly now: Micros;
}

/**
 * What a target comes to: the exact record at which recovery stops, the backup and the timeline to get there, and what lies on
 * both sides; or why it cannot be had, and what can. Throws ProblemError when WAL cannot be read now.
 */
export async function resolveTarget(search: Search, question: TargetQuestion): Promise<Resolution> {
  const { target, backupId, now } = question;
  const time = target.type === 'time' ? instantOf(target.time) : null;
  if (time !== null && time > now) return refused(search, target, { is: 'future', now }, null);
  const found = await findCandidates(search, target);
  const answers: Answer[] = [];
  const refusals: { readonly refusal: Refusal; readonly position: number }[] = [];
  for (const candidate of found.candidates) {
    const way = chooseWay(search.picture, candidate, { time, timeline: target.timeline, backupId });
    if ('is' in way) refusals.push({ refusal: way, position: candidate.position });
    else answers.push({ ...way, ...(await lookAround(search, way.path, candidate, time)) });
  }
  if (answers.length > 0) return { answers, refusal: null, before: null, after: null };
  const [first] = refusals;
  const refusal = first?.refusal ?? found.refusal ?? ({ is: 'no-backup' } as const);
  return refused(search, target, notFound(search, target, refusal), first?.position ?? null);
}

function refused(search: Search, target: PlacedTarget, refusal: Refusal, position: number | null): Resolution {
  const nearest = nearestTo(intervalsOf(search.picture, search.index), target, position);
  return { answers: [], refusal, ...nearest };
}

/** Not found in what was read: it may lie in WAL that was not read yet, or that only live has. */
function notFound(search: Search, target: PlacedTarget, refusal: Refusal): Refusal {
  const mayBeElsewhere = ['too-late', 'no-such-transaction', 'no-such-name'].includes(refusal.is);
  const segment = mayBeElsewhere ? unreadSegment(search, target.timeline) : null;
  if (segment !== null) return { is: 'unread', segment };
  return refusal.is === 'too-late' ? { is: 'too-late', onlyLive: onlyLiveHas(search, target) } : refusal;
}

/** The newest segment on the way that the index has still to read. */
function unreadSegment(search: Search, timeline: number | undefined): string | null {
  const { segmentBytes, complete, read, holes } = search.picture.state;
  const damaged = holes.map((one) => ({ timeline: one.timeline, first: one.number, last: one.number }));
  const own = (lineage(search, timeline) ?? []).map((path) => {
    const { first } = ownSpan(search, path);
    return { timeline: path.timeline, first, last: Number.MAX_SAFE_INTEGER };
  });
  const unread = intersected(subtracted(complete, [...read, ...damaged]), own).at(-1);
  return unread ? nameOfSegment(unread.timeline, unread.last, segmentBytes) : null;
}

/** Whether live has written WAL behind everything that Barman holds, in which the target may lie. */
function onlyLiveHas({ picture }: Search, target: PlacedTarget): boolean {
  const { live, ends } = picture.state;
  const end = ends.find((one) => one.timeline === live?.timeline);
  if (live === null || end?.next == null) return false;
  const written = lsnToNumber(live.lsn);
  return written > end.next && (target.type !== 'lsn' || lsnToNumber(target.lsn) < written);
}
