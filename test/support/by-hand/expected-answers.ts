import type { HandMadeBackup, HistoryScene } from './history-scene.ts';
import type { Branch, PlacedEnd, WalOracle } from './wal-oracle.ts';

/** A target as a test asks for it. */
export type AskedTarget = { readonly time: number } | { readonly lsn: number };

/** What a restore to a target comes to on one branch. */
export interface ExpectedAnswer {
  /** The timeline that the record at the stop belongs to. */
  readonly timeline: number;
  /** Begin of that record; a time stops before it, an LSN behind it. */
  readonly position: number;
  readonly inclusive: boolean;
}

type Facts = Pick<HistoryScene, 'oracle' | 'backups'>;

/** Every branch on which a target can be restored, by PostgreSQL's rules, from WAL as it is. */
export function expectedAnswers(facts: Facts, target: AskedTarget): ExpectedAnswer[] {
  const { branches } = facts.oracle;
  return ('time' in target ? aliveAt(branches, target.time) : branches).flatMap((branch) => {
    const position = 'time' in target ? firstEndAfter(branch, target.time) : firstRecordFrom(branch, target.lsn);
    if (position === undefined) return [];
    const found = { timeline: branch.timeline, position, inclusive: 'lsn' in target };
    if ('time' in target && isStoppedBefore(facts.oracle, branch, target.time)) return [];
    const paths = branches.map((one) => one.timeline);
    return paths.some((path) => bestBackup(facts, target, found, path) !== undefined) ? [found] : [];
  });
}

/**
 * The branches that were written to around an instant. Recovery along a younger one would stop at its begin, at a state that is
 * older than the instant; that is meant only where no other branch was alive and the younger one was open already.
 */
function aliveAt(branches: readonly Branch[], time: number): readonly Branch[] {
  const hasLater = (branch: Branch): boolean => branch.ends.some((end) => end.time > time);
  const within = branches.filter((one) => hasLater(one) && (one.from === 0 || (one.ends[0]?.time ?? 0) <= time));
  return within.length > 0 ? within : branches.filter((one) => (one.promotedAt ?? 0) <= time);
}

/** recoveryStopsBefore (xlogrecovery.c): the first commit or abort in the order of WAL whose time is later. */
function firstEndAfter({ ends }: Branch, time: number): number | undefined {
  return ends.find((end) => end.time > time)?.position;
}

/** Times do not follow WAL exactly: recovery stops at the first later one on the way to a branch. */
function isStoppedBefore(oracle: WalOracle, { timeline, from }: Branch, time: number): boolean {
  return oracle.onPath(timeline).some((end) => end.position < from && end.time > time);
}

function firstRecordFrom({ from, records }: Branch, lsn: number): number | undefined {
  return lsn < from ? undefined : records.find((position) => position >= lsn);
}

/** The newest backup on the path of a timeline that ends before the stop, and before the instant that is asked for. */
export function bestBackup(
  { oracle, backups }: Facts,
  target: AskedTarget,
  stop: ExpectedAnswer,
  path: number,
): HandMadeBackup | undefined {
  const leaves = oracle.leavesAt(stop.timeline, path);
  if (leaves === null || stop.position >= leaves) return undefined;
  return backups
    .filter((backup) => {
      const until = oracle.leavesAt(backup.timeline, path);
      if (until === null || backup.end > until || backup.end > stop.position) return false;
      return !('time' in target) || backup.endTime <= target.time;
    })
    .toSorted((a, b) => b.end - a.end)[0];
}

/** The transactions on both sides of a stop, on the path of a timeline. */
export function aroundStop(oracle: WalOracle, stop: ExpectedAnswer, path: number) {
  const ends = oracle.onPath(path);
  const isKept = (end: PlacedEnd): boolean =>
    end.position < stop.position || (stop.inclusive && end.position === stop.position);
  const kept = ends.filter(isKept);
  const undone = ends.filter((end) => !isKept(end));
  const isCommit = (end: PlacedEnd): boolean => end.kind === 'commit';
  return {
    kept: kept.filter(isCommit),
    lastKept: kept.findLast(isCommit) ?? null,
    // recoveryStopsAfter (xlogrecovery.c) takes the time of an end down only when it goes on behind it.
    lastEnd: kept.findLast((end) => end.position < stop.position) ?? null,
    firstUndone: undone.find(isCommit) ?? null,
  };
}
