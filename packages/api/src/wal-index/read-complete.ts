import { write } from '../db/write.ts';
import { afterRead, isForeign } from './after-read.ts';
import { nextRead, type NextRead } from './next-read.ts';
import { recordHoles } from './record-holes.ts';
import type { Look } from './look.ts';
import { nameOfSegment, rangeOfSegment } from './segment-range.ts';
import { storeSegments, thinCarries } from './store-segments.ts';
import { loadCarry, loadWal, saveWal } from './wal-store.ts';

/**
 * Reads complete segments into the index: `front` those that lead to the newest, `all` until nothing is left. Answers whether
 * that was done; false when it was aborted, or when a file vanished, which the next listing will tell.
 */
export async function readComplete(look: Look, what: 'front' | 'all'): Promise<boolean> {
  for (;;) {
    const next = findNext(look);
    if (next === null || (what === 'front' && !next.isFront)) return true;
    if (look.context.signal?.aborted === true || !(await read(look, next))) return false;
  }
}

function findNext({ database, server }: Look): NextRead | null {
  const { state, backups } = loadWal(database.orm, server);
  const begins = backups.flatMap(({ beginWal }) => {
    const range = beginWal === null ? undefined : rangeOfSegment(beginWal, state.segmentBytes);
    return range ? [{ timeline: range.timeline, number: range.first }] : [];
  });
  const hasCarry = (timeline: number, number: number): boolean =>
    loadCarry(database.orm, server, timeline, number) !== null;
  return nextRead({ state, begins, hasCarry });
}

/** False when nothing new was learned. */
async function read({ database, server, agent, context, clock }: Look, next: NextRead): Promise<boolean> {
  const { state } = loadWal(database.orm, server);
  const { segmentBytes, catalogues } = state;
  const { timeline, first, last, behind } = next;
  const params = {
    server,
    timeline,
    first: nameOfSegment(timeline, first, segmentBytes),
    last: nameOfSegment(timeline, last, segmentBytes),
    carry: behind && loadCarry(database.orm, server, behind.timeline, behind.number),
    from: 'archive' as const,
    catalogues,
  };
  const { result } = await agent.call('wal-index', params, context);
  return write(database, (tx) => {
    const at = clock.now();
    const known = loadWal(tx, server);
    const after = afterRead(known.state, result, at);
    const segments = isForeign(known.state, result) ? [] : result.segments;
    storeSegments(tx, { server, segmentBytes, held: 'complete', segments, carry: result.carry });
    const newest = segments.at(-1);
    if (newest) thinCarries(tx, server, timeline, rangeOfSegment(newest.segment, segmentBytes).first);
    recordHoles(tx, { server, at, before: known.state, after });
    saveWal(tx, server, { ...known, state: after });
    return segments.length > 0 || after.holes.length !== known.state.holes.length;
  });
}
