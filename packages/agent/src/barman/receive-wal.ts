import { parseSegmentName, type Segment } from '@barback/shared/postgres/segment.ts';

/** Whether `receive-wal --stop` failed only because there was nothing to stop (3.4.0 and 3.13.3, server.py, `kill`). */
export function wasNotRunning(errors: readonly string[]): boolean {
  return errors.length > 0 && errors.every((one) => one.includes('no such process'));
}

export type Alignment =
  /** receive-wal would begin at live's current segment, or is in it. */
  | { readonly is: 'aligned'; readonly received: string }
  /** It would begin where it stopped; null when it never received anything. */
  | { readonly is: 'behind'; readonly received: string | null }
  /** It would ask for WAL that live has not written: the files are of a history that was given up. */
  | { readonly is: 'ahead'; readonly received: string };

/**
 * Where pg_receivewal would begin: at the file of the highest segment number in its directory, timelines only break ties
 * (PostgreSQL 15–17, pg_receivewal.c, FindStreamingStart).
 */
export function alignmentOf(names: readonly string[], current: Segment, segmentBytes: number): Alignment {
  const newest = newestOf(names, segmentBytes);
  if (newest === undefined) return { is: 'behind', received: null };
  const { name: received, segment } = newest;
  if (segment.number > current.number) return { is: 'ahead', received };
  if (segment.number === current.number && segment.timeline === current.timeline) return { is: 'aligned', received };
  return { is: 'behind', received };
}

function newestOf(
  names: readonly string[],
  segmentBytes: number,
): { readonly name: string; readonly segment: Segment } | undefined {
  return names
    .flatMap((name) => {
      const segment = parseSegmentName(name.replace(/\.partial$/, ''), segmentBytes);
      return segment ? [{ name, segment }] : [];
    })
    .toSorted((a, b) => Number(a.segment.number - b.segment.number) || a.segment.timeline - b.segment.timeline)
    .at(-1);
}
