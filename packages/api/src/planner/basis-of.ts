import type { PlanBasis } from '../scenarios/plan-basis.ts';
import { nameOfSegment } from '../wal-index/segment-range.ts';
import { ownerOf } from '../window/timeline-tree.ts';
import type { Course } from './course.ts';
import type { Gathered } from './gather.ts';

/** What a plan was made from and must still be so when it is started. Pure. */
export function basisOf({ host }: Gathered, course: Course, segmentBytes: number): PlanBasis {
  const { live } = host;
  const { id, status, endLsn } = course.backup;
  return {
    systemIdentifier: live?.systemIdentifier ?? null,
    timeline: live?.timeline ?? null,
    backup: { id, status, endLsn },
    segmentBytes,
    wal: neededWal(course, segmentBytes),
  };
}

/** By timeline; the segment behind the stop is needed only if a record crosses into it. */
function neededWal({ path, wal, stop, reach }: Course, segmentBytes: number): PlanBasis['wal'] {
  if (wal === null) return [];
  const last = Math.min(
    stop === null ? wal.last : wal.last - 1,
    (reach?.breaks.number ?? Number.POSITIVE_INFINITY) - 1,
  );
  const stretches: { first: string; last: string; timeline: number }[] = [];
  for (let number = wal.first; number <= last; number += 1) {
    const timeline = ownerOf(path, number);
    const name = nameOfSegment(timeline, number, segmentBytes);
    const current = stretches.at(-1);
    if (current?.timeline === timeline) current.last = name;
    else stretches.push({ first: name, last: name, timeline });
  }
  return stretches.map(({ first, last: end }) => ({ first, last: end }));
}
