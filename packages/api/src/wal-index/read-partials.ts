import type { Result } from '@barback/shared/operations/index.ts';
import type { WalCarry } from '@barback/shared/operations/wal-index.ts';
import { write } from '../db/write.ts';
import { ownerOf, pathOf, type TimelinePath } from '../window/timeline-tree.ts';
import { afterTail, isForeign } from './after-read.ts';
import { rangeWith, type Range } from './ranges.ts';
import type { Look } from './look.ts';
import { nameOfSegment, rangeOfSegment } from './segment-range.ts';
import { forgetHeld, storeSegments } from './store-segments.ts';
import { loadCarry, loadWal, saveWal } from './wal-store.ts';
import type { WalState } from './wal-state.ts';

/** A file changed less than this before it was read may have changed again without a new time. */
const settledMicros = 1_000_000;

/** Reads the unfinished files of Barman anew, if they have changed. */
export async function readPartials(
  look: Look,
  files: Result<'wal-facts'>['partialFiles'],
  readAt: number,
): Promise<void> {
  const { database, server } = look;
  const { state } = loadWal(database.orm, server);
  // WAL may end in the last one of a timeline only.
  const newest = new Map(state.partial.map((range) => [range.timeline, range]));
  forgetVanished(look, newest);
  for (const range of newest.values()) {
    // Without its history nobody can tell what a timeline goes on from; the history is a hole.
    if (!pathIn(state, range.timeline)) continue;
    const file = files.find(({ segment }) => {
      const named = rangeOfSegment(segment, state.segmentBytes);
      return named.timeline === range.timeline && named.first === range.last;
    });
    const known = state.partialRead.find((one) => one.timeline === range.timeline && one.number === range.last);
    const isSettled = known !== undefined && known.readAt > known.modifiedAt + settledMicros;
    if (file && isSettled && known.modifiedAt === file.modifiedAt && known.inode === file.inode) continue;
    await readPartial(look, range, readAt);
  }
}

/** A timeline whose unfinished file was archived or removed has none in the index either. */
function forgetVanished({ database, server }: Look, newest: ReadonlyMap<number, Range>): void {
  const { state } = loadWal(database.orm, server);
  const gone = state.partialRead.filter((one) => newest.get(one.timeline)?.last !== one.number);
  if (gone.length === 0) return;
  write(database, (tx) => {
    const known = loadWal(tx, server);
    for (const { timeline } of gone) forgetHeld(tx, server, 'partial', timeline);
    const partialRead = known.state.partialRead.filter((one) => newest.get(one.timeline)?.last === one.number);
    saveWal(tx, server, { ...known, state: { ...known.state, partialRead } });
  });
}

async function readPartial(look: Look, { timeline, last: number }: Range, readAt: number): Promise<void> {
  const { database, server, agent, context } = look;
  const { state } = loadWal(database.orm, server);
  const { segmentBytes, catalogues } = state;
  const segment = nameOfSegment(timeline, number, segmentBytes);
  const carry = carryBefore(look, state, timeline, number);
  const params = { server, timeline, first: segment, last: segment, carry, from: 'barman' as const, catalogues };
  const { result } = await agent.call('wal-index', params, context);
  write(database, (tx) => {
    const known = loadWal(tx, server);
    const segments = isForeign(known.state, result) ? [] : result.segments;
    forgetHeld(tx, server, 'partial', timeline);
    // Archived meanwhile: as complete, it is in the index already or will be.
    const isComplete = rangeWith(known.state.complete, timeline, number) !== undefined;
    if (!isComplete) storeSegments(tx, { server, segmentBytes, held: 'partial', segments, carry: result.carry });
    const file = segments.at(-1)?.file;
    const partialRead = known.state.partialRead.filter((one) => one.timeline !== timeline);
    if (file && result.end === 'open') partialRead.push({ timeline, number, readAt, ...pick(file) });
    saveWal(tx, server, { ...known, state: { ...afterTail(known.state, result), partialRead } });
  });
}

function pick({ modifiedAt, inode }: { modifiedAt: number; inode: string }): { modifiedAt: number; inode: string } {
  return { modifiedAt, inode };
}

/** From the segment before on the path, if it was read; otherwise afresh. */
function carryBefore({ database, server }: Look, state: WalState, timeline: number, number: number): WalCarry | null {
  const path = pathIn(state, timeline);
  if (!path || number === 0) return null;
  const owner = ownerOf(path, number - 1);
  return rangeWith(state.read, owner, number - 1) ? loadCarry(database.orm, server, owner, number - 1) : null;
}

function pathIn({ complete, partial, segmentBytes, histories }: WalState, timeline: number): TimelinePath | undefined {
  return pathOf({ segmentBytes, histories, held: [...complete, ...partial] }, timeline);
}
