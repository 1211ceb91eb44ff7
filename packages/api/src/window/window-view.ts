import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { lsnFromNumber, lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { instantOf } from '@barback/shared/postgres/target.ts';
import type { KnownWal } from '../wal-index/wal-store.ts';
import { segmentsIn } from '../wal-index/ranges.ts';
import { nameOfSegment } from '../wal-index/segment-range.ts';
import { unreadSegments } from '../wal-index/wal-state.ts';
import { causeOf, type GivenUp } from './given-up.ts';
import { holesOf } from './holes.ts';
import type { IndexReader } from './index-reader.ts';
import { intervalsOf, type Interval } from './intervals.ts';
import { ownBegin, type TimelinePath } from './timeline-tree.ts';
import { isConsistent, isOnPath, objections, reachOf } from './usable-backups.ts';
import type { WalPicture } from './wal-picture.ts';
import type { WindowView } from './window-schema.ts';

const restorePointsMax = 200;

export interface WindowFacts {
  readonly server: string;
  readonly known: KnownWal;
  readonly picture: WalPicture;
  readonly index: IndexReader;
  /** Commits that only pg_wal of live has. */
  readonly liveCommits: number;
  /** What new baselines gave up. */
  readonly givenUp: readonly GivenUp[];
  readonly now: Micros;
}

/** Every instant that a server can be restored to, as last observed: it needs neither the host nor live. */
export function windowView(facts: WindowFacts): WindowView {
  const { server, known, picture, index } = facts;
  const { state } = picture;
  const intervals = intervalsOf(picture, index);
  const first = intervals
    .filter((one) => one.fromTime !== null)
    .toSorted((a, b) => (a.fromTime ?? 0) - (b.fromTime ?? 0))[0];
  return {
    server,
    observedAt: known.observedAt === null ? null : formatInstant(known.observedAt),
    problem: known.problem,
    systemIdentifier: state.systemIdentifier,
    live: { answers: state.live !== null, timeline: state.liveTimeline, lsn: state.live?.lsn ?? null },
    earliest: first && first.fromTime !== null ? earliestOf(first, first.fromTime) : null,
    latest: newest(intervals, picture)?.to.lastCommit ?? null,
    intervals: intervals.map((one) => intervalView(one, picture)),
    holes: holesOf(state).map((hole) => ({
      timeline: hole.timeline,
      first: nameOfSegment(hole.timeline, hole.first, state.segmentBytes),
      last: nameOfSegment(hole.timeline, hole.last, state.segmentBytes),
      ...causeOf(hole, facts.givenUp, state.segmentBytes),
    })),
    timelines: timelinesView(picture),
    restorePoints: restorePointsView(picture, index),
    backups: backupsView(picture),
    rpo: rpoView(facts, newest(intervals, picture)),
    index: {
      segments: segmentsIn(state.read),
      unread: unreadSegments(state),
      namesLsn: state.namesAt === null ? null : lsnFromNumber(state.namesAt),
    },
    links: linksOf(server),
  };
}

function linksOf(server: string): Record<string, string> {
  const self = `/v1/servers/${server}`;
  return {
    server: self,
    reachable: `${self}/reachable`,
    transactions: `${self}/transactions`,
    activity: `${self}/activity`,
  };
}

function earliestOf(interval: Interval, time: Micros): WindowView['earliest'] {
  return { time: formatInstant(time), lsn: lsnFromNumber(interval.from), backup: interval.backups.at(-1) ?? '' };
}

/** The interval in which live's own history ends. */
function newest(intervals: readonly Interval[], picture: WalPicture) {
  const own = intervals.filter((one) => one.timeline === picture.livePath?.timeline);
  const last = own.toSorted((a, b) => a.to - b.to).at(-1);
  return last && intervalView(last, picture);
}

function intervalView(interval: Interval, { livePath }: WalPicture): WindowView['intervals'][number] {
  const { timeline, from, to, fromTime, lastCommit, ends, backups } = interval;
  const left = livePath?.switches.find((one) => one.timeline === timeline);
  const isLive = livePath === undefined || timeline === livePath.timeline;
  return {
    timeline,
    abandoned: !isLive && (left === undefined || to > left.position),
    from: { lsn: lsnFromNumber(from), time: fromTime === null ? null : formatInstant(fromTime) },
    to: {
      lsn: lsnFromNumber(to),
      lastCommit: lastCommit && { ...lastCommit, time: formatInstant(lastCommit.time) },
    },
    ends,
    backups: [...backups],
  };
}

function timelinesView({ paths, state, livePath }: WalPicture): WindowView['timelines'] {
  const known = paths.map((path): WindowView['timelines'][number] => {
    const parent = path.switches.at(-1);
    return {
      timeline: path.timeline,
      parent: parent?.timeline ?? null,
      switchLsn: parent ? lsnFromNumber(ownBegin(path)) : null,
      reason: parent?.reason ?? null,
      onLivePath: isOnLivePath(path, livePath),
    };
  });
  const lost = [...new Set([...state.complete, ...state.partial].map((one) => one.timeline))]
    .filter((timeline) => !paths.some((path) => path.timeline === timeline))
    .map((timeline) => ({ timeline, parent: null, switchLsn: null, reason: null, onLivePath: false }));
  return [...known, ...lost].toSorted((a, b) => a.timeline - b.timeline);
}

function isOnLivePath({ timeline }: TimelinePath, livePath: TimelinePath | undefined): boolean {
  return livePath?.timeline === timeline || livePath?.switches.some((one) => one.timeline === timeline) === true;
}

/** Newest first; the copy of a parent's point in a timeline's first file is not told twice. */
function restorePointsView({ paths, state }: WalPicture, index: IndexReader): WindowView['restorePoints'] {
  const own = index.points('restore-point', null).filter(({ timeline, position }) => {
    const path = paths.find((one) => one.timeline === timeline);
    return path !== undefined && position >= ownBegin(path);
  });
  return own
    .toReversed()
    .slice(0, restorePointsMax)
    .flatMap(({ timeline, position, point }) => {
      if (point.is !== 'restore-point') return [];
      const lsn = lsnFromNumber(position);
      const twice = own.filter((one) => one.point.is === 'restore-point' && one.point.name === point.name).length > 1;
      const target = twice
        ? { type: 'lsn' as const, lsn, inclusive: true, timeline }
        : { type: 'name' as const, name: point.name };
      return [{ name: point.name, timeline, lsn, target }];
    })
    .filter(() => state.segmentBytes > 0);
}

function backupsView(picture: WalPicture): WindowView['backups'] {
  return picture.backups.map((backup) => ({
    id: backup.id,
    timeline: backup.timeline,
    endTime: backup.endTime === null ? null : formatInstant(backup.endTime),
    endLsn: backup.endLsn,
    reasons: [...objections(backup, picture.state), ...walObjections(backup.id, picture)],
  }));
}

/** A usable backup without its own WAL cannot be made consistent. */
function walObjections(id: string, { usable, paths, state }: WalPicture): string[] {
  const backup = usable.find((one) => one.backup.id === id);
  const path = backup && paths.find((one) => isOnPath(backup, one));
  if (!backup) return [];
  if (!path) return [`the history of its timeline ${backup.timeline} is missing`];
  const { breaks } = reachOf(backup, path, state);
  if (isConsistent(backup, breaks, state)) return [];
  if (breaks.is === 'unread') return ['its WAL has not been read yet'];
  return [`WAL that it needs is missing or damaged from segment ${breaks.number} on`];
}

function rpoView(
  { picture, liveCommits, now }: WindowFacts,
  last: WindowView['intervals'][number] | undefined,
): WindowView['rpo'] {
  const { live, ends } = picture.state;
  const newestCommit = last?.to.lastCommit ?? null;
  const end = ends.find((one) => one.timeline === live?.timeline);
  const position = live === null || end?.next == null ? null : lsnToNumber(live.lsn) - end.next;
  const committed = newestCommit === null ? null : instantOf(newestCommit.time);
  return {
    newestCommit,
    ageSeconds: committed === null ? null : Math.max(0, now - committed) / 1_000_000,
    notHeldBytes: position === null ? null : Math.max(0, position),
    notHeldCommits: live === null ? null : liveCommits,
    slots: live?.slots ?? null,
  };
}
