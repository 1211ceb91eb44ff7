import type { Micros } from '@barback/shared/postgres/instant.ts';
import { appendEvent } from '../audit/append-event.ts';
import type { Tx } from '../db/database.ts';
import { holesOf, type Hole } from '../window/holes.ts';
import { nameOfSegment } from './segment-range.ts';
import type { WalState } from './wal-state.ts';

const actor = { kind: 'engine', id: 'index' } as const;

interface Change {
  readonly server: string;
  readonly at: Micros;
  readonly before: WalState;
  readonly after: WalState;
}

/** Records holes that appeared and that were closed: what could not be restored, and since when, belongs to the record. */
export function recordHoles(tx: Tx, { server, at, before, after }: Change): void {
  const [old, now] = [byPlace(holesOf(before)), byPlace(holesOf(after))];
  for (const [place, hole] of now) {
    if (old.get(place)?.cause === hole.cause) continue;
    appendEvent(tx, { type: 'wal.hole-found', at, actor, server, data: dataOf(hole, after) });
  }
  for (const [place, hole] of old) {
    if (now.has(place)) continue;
    appendEvent(tx, { type: 'wal.hole-closed', at, actor, server, data: dataOf(hole, before) });
  }
}

export function recordReset(tx: Tx, { server, at, reason }: { server: string; at: Micros; reason: string }): void {
  appendEvent(tx, { type: 'wal.index-reset', at, actor, server, data: { reason } });
}

function byPlace(holes: readonly Hole[]): ReadonlyMap<string, Hole> {
  return new Map(holes.map((hole) => [`${hole.timeline}/${hole.first}-${hole.last}`, hole]));
}

function dataOf({ timeline, first, last, cause, detail }: Hole, { segmentBytes }: WalState) {
  return {
    first: nameOfSegment(timeline, first, segmentBytes),
    last: nameOfSegment(timeline, last, segmentBytes),
    cause,
    detail,
  };
}
