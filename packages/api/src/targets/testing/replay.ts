import type { Target } from '@barback/shared/postgres/target.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { instantOf } from '@barback/shared/postgres/target.ts';
import type { PlacedTarget } from '../find-candidates.ts';
import {
  ancestry,
  filesOf,
  isLost,
  numberAt,
  recordsOnPath,
  segmentBytes,
  timelineOf,
  type ModelBackup,
  type PlacedRecord,
  type WalModel,
} from './wal-model.ts';

/** A record at which PostgreSQL would stop, on the timeline that wrote it. */
export interface Stop {
  readonly timeline: number;
  readonly position: number;
}

/**
 * Every place at which some restore to the target ends, found the long way: each backup is replayed along each timeline, record by
 * record, by PostgreSQL's rules (recoveryStopsBefore and recoveryStopsAfter of xlogrecovery.c).
 */
export function stopsByReplay(model: WalModel, target: PlacedTarget): Stop[] {
  const found = new Map<string, Stop>();
  const wanted = meant(model, target);
  for (const path of model.timelines.map((one) => one.timeline)) {
    if (target.timeline !== undefined && target.timeline !== path) continue;
    for (const backup of model.backups) {
      for (const { timeline, position } of replay(model, backup, path, target)) {
        const isMeant = wanted.some((one) => one.timeline === timeline && one.position === position);
        if (isMeant) found.set(`${timeline}/${position}`, { timeline, position });
      }
    }
  }
  return [...found.values()].toSorted((a, b) => a.timeline - b.timeline || a.position - b.position);
}

/** Where restores end, one for each restore point of a name; none when PostgreSQL refuses, or WAL ends first. */
function replay(model: WalModel, backup: ModelBackup, path: number, target: PlacedTarget): PlacedRecord[] {
  const leaves = leavesAt(model, backup.timeline, path);
  if (leaves === undefined || backup.end > leaves) return [];
  if (target.type === 'time' && backup.endTime > instantOf(target.time)) return [];
  const matching = readable(model, path, backup.begin).filter((one) => stopsAt(one, target));
  const stops = target.type === 'name' ? matching : matching.slice(0, 1);
  // "requested recovery stop point is before consistent recovery point"
  return stops.filter((one) => one.position >= backup.end);
}

/** Where a timeline leaves another one's path; undefined when it is not on it. */
function leavesAt(model: WalModel, timeline: number, path: number): number | undefined {
  if (timeline === path) return Number.POSITIVE_INFINITY;
  const way = ancestry(model, path);
  const index = way.findIndex((one) => one.timeline === timeline);
  return index === -1 ? undefined : way[index + 1]?.from;
}

/** The records of a path from a position on, up to the first file that cannot be had. */
function readable(model: WalModel, path: number, from: number): PlacedRecord[] {
  const end = filesOf(timelineOf(model, path)).last;
  let number = numberAt(from);
  while (number <= end && isHeld(model, path, number)) number += 1;
  return recordsOnPath(model, path).filter((one) => one.position >= from && one.position < number * segmentBytes);
}

/** From the newest timeline of the path that begins in the segment or before it. */
export function isHeld(model: WalModel, path: number, number: number): boolean {
  const owner = ancestry(model, path).findLast((one) => filesOf(one).first <= number);
  if (!owner || isLost(model, owner.timeline, number)) return false;
  return number <= filesOf(owner).last;
}

function stopsAt(record: PlacedRecord, target: Target): boolean {
  const isEnd = record.kind === 'commit' || record.kind === 'abort';
  switch (target.type) {
    case 'time':
      return isEnd && record.time > instantOf(target.time);
    case 'lsn':
      return record.position >= lsnToNumber(target.lsn);
    case 'xid':
      return isEnd && record.xid === target.xid;
    case 'before-transaction':
      return record.kind === 'commit' && record.xid === target.xid;
    case 'name':
      return record.kind === 'restore-point' && record.name === target.name;
    case 'immediate':
    case 'latest':
      return false;
  }
}

/**
 * Which records a target means, of all that are left: of a time the first later end in the order of WAL on each branch that was
 * being written at that instant, and where there was none, on each that had been promoted by then.
 */
function meant(model: WalModel, target: PlacedTarget): Stop[] {
  const branches = model.timelines.map(({ timeline, from }) => {
    const left = recordsOnPath(model, timeline).filter((one) => !isLost(model, one.timeline, numberAt(one.position)));
    const own = left.filter((one) => one.timeline === timeline);
    const matching = own.filter((one) => stopsAt(one, target));
    // The first in the order of WAL, which a branch has in common with its ancestors.
    const isFirst = left.find((one) => stopsAt(one, target))?.timeline === timeline;
    return { timeline, from, own, matching: target.type === 'time' && !isFirst ? [] : matching };
  });
  switch (target.type) {
    case 'lsn':
      return branches
        .filter((one) => lsnToNumber(target.lsn) >= one.from)
        .flatMap(({ matching }) => matching.slice(0, 1));
    case 'time': {
      const time = instantOf(target.time);
      const named = target.timeline === undefined ? undefined : ancestry(model, target.timeline);
      const open = branches.filter(
        (one) => one.matching.length > 0 && (!named || named.some((each) => each.timeline === one.timeline)),
      );
      const within = open.filter(({ from, own, matching }) => {
        const first = own.find((one) => one.kind === 'commit' || one.kind === 'abort');
        return from === 0 || first?.position !== matching[0]?.position;
      });
      const promoted = open.filter(({ own }) => (own.find((one) => one.kind === 'promotion')?.time ?? 0) <= time);
      return (within.length > 0 ? within : promoted).flatMap(({ matching }) => matching.slice(0, 1));
    }
    default:
      return branches.flatMap(({ matching }) => matching);
  }
}
