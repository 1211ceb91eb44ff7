import type { Result } from '@barback/shared/operations/index.ts';
import { intersected, merged, rangeWith, subtracted, type Range } from './ranges.ts';
import { rangeOfSegment } from './segment-range.ts';
import { nothingKnown, type WalState } from './wal-state.ts';

type WalFacts = Result<'wal-facts'>;

/** The identity of a file that was read: another one under its name must be read again. */
export type FileIdentity = NonNullable<WalFacts['changed']>[number];

export interface Observed {
  readonly state: WalState;
  /** Set when what was known is of another cluster or another segment size, and was forgotten. */
  readonly reset: string | null;
}

/**
 * What is known after a look at Barman's files. `differs` tells whether a file that changed is another one than the index has
 * read. Pure.
 */
export function observe(known: WalState, facts: WalFacts, differs: (file: FileIdentity) => boolean): Observed {
  const resized = known.segmentBytes !== 0 && known.segmentBytes !== facts.segmentBytes;
  const reset = resized ? `segments are ${facts.segmentBytes} bytes instead of ${known.segmentBytes}` : null;
  const before = resized ? nothingKnown : known;
  const held = heldBy(facts);
  const stale = (facts.changed ?? []).filter(differs).map((one) => rangeOfSegment(one.segment, facts.segmentBytes));
  // An archive that seems empty is one that could not be seen: nothing is forgotten because of it.
  const complete = merged(held.complete);
  const read = complete.length === 0 ? before.read : subtracted(intersected(before.read, complete), stale);
  return {
    reset,
    state: {
      ...before,
      segmentBytes: facts.segmentBytes,
      histories: facts.histories,
      unreadableHistories: facts.unreadableHistories,
      complete,
      partial: merged(held.partial),
      oddFiles: facts.oddFiles,
      read,
      // One whose file changed is tried again, one whose file is gone is missing.
      holes: before.holes.filter(
        (hole) => rangeWith(complete, hole.timeline, hole.number) && !rangeWith(stale, hole.timeline, hole.number),
      ),
      ends: before.ends.filter(
        (end) =>
          !rangeWith(stale, end.timeline, end.number) &&
          (rangeWith(complete, end.timeline, end.number) !== undefined ||
            rangeWith(held.partial, end.timeline, end.number) !== undefined),
      ),
      live: facts.live,
      liveTimeline: facts.live?.timeline ?? before.liveTimeline,
      sweptTo: facts.changed === null ? before.sweptTo : facts.time,
    },
  };
}

function heldBy({ runs, segmentBytes }: WalFacts): { complete: Range[]; partial: Range[] } {
  const complete: Range[] = [];
  const partial: Range[] = [];
  for (const run of runs) {
    const range = { ...rangeOfSegment(run.first, segmentBytes), last: rangeOfSegment(run.last, segmentBytes).last };
    (run.place === 'partial' ? partial : complete).push(range);
  }
  return { complete, partial };
}
