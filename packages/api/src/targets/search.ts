import type { ExactReader, IndexReader, SegmentSpan } from '../window/index-reader.ts';
import { leadsTo, type TimelinePath } from '../window/timeline-tree.ts';
import { pathIn, type WalPicture } from '../window/wal-picture.ts';
import { rangeWith } from '../wal-index/ranges.ts';

/** What a search for a target may ask. */
export interface Search {
  readonly picture: WalPicture;
  readonly index: IndexReader;
  readonly exact: ExactReader;
}

/** The timelines to look on: all, or those on the way to the one that the operator named; undefined when it is not known. */
export function lineage({ picture }: Search, timeline: number | undefined): readonly TimelinePath[] | undefined {
  if (timeline === undefined) return picture.paths;
  const named = pathIn(picture, timeline);
  if (!named) return undefined;
  return picture.paths.filter(
    (path) => path.timeline === timeline || named.switches.some((one) => one.timeline === path.timeline),
  );
}

/** Whether a record of a timeline is on the way to the named one. */
export function isOnWay(
  { picture }: Search,
  timeline: number | undefined,
  at: { timeline: number; position: number },
): boolean {
  if (timeline === undefined) return true;
  const named = pathIn(picture, timeline);
  return named !== undefined && leadsTo(named, at, picture.state.segmentBytes);
}

/**
 * Where the records begin that only this timeline's files have. Its first file also holds the parent's records of that segment;
 * they count here only if Barman lost the parent's own file.
 */
export function ownStart({ picture }: Search, path: TimelinePath): number {
  const fork = path.switches.at(-1);
  if (!fork) return 0;
  const { segmentBytes, complete, partial } = picture.state;
  const number = Math.floor(fork.position / segmentBytes);
  return rangeWith([...complete, ...partial], fork.timeline, number) ? fork.position : number * segmentBytes;
}

/** The segments of a timeline's own files. */
export function ownSpan(search: Search, path: TimelinePath): SegmentSpan {
  const first = Math.floor(ownStart(search, path) / search.picture.state.segmentBytes);
  return { timeline: path.timeline, first, last: null };
}
