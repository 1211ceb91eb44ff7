import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { write } from '../db/write.ts';
import { isForeign } from './after-read.ts';
import type { Look } from './look.ts';
import { nameOfSegment } from './segment-range.ts';
import { forgetHeld, storeSegments } from './store-segments.ts';
import { loadLastCarry, loadWal } from './wal-store.ts';
import type { WalState } from './wal-state.ts';

/** So far behind, what live has is worth reading each time. */
const liveSegmentsMax = 16;

/** Reads what live has written and Barman has not received; a live that cannot be read is none. */
export async function readLive(look: Look): Promise<void> {
  const { database, server, agent, context } = look;
  const { state } = loadWal(database.orm, server);
  const request = liveRequest(look, state);
  const answer = request && (await agent.call('wal-index', request, context).catch(readable(look)));
  write(database, (tx) => {
    forgetHeld(tx, server, 'live', null);
    if (!answer || isForeign(state, answer.result)) return;
    const { segments } = answer.result;
    storeSegments(tx, { server, segmentBytes: state.segmentBytes, held: 'live', segments, carry: null });
  });
}

/** Files that are recycled while they are read, or that the agent's user may not read. */
function readable({ context }: Look): (error: unknown) => null {
  return (error) => {
    if (context.signal?.aborted === true || !(error instanceof ProblemError)) throw error;
    return null;
  };
}

function liveRequest({ database, server }: Look, state: WalState) {
  const { live, segmentBytes, catalogues } = state;
  if (live === null || live.inRecovery || segmentBytes === 0) return null;
  const { timeline } = live;
  const position = lsnToNumber(live.lsn);
  const end = state.ends.find((one) => one.timeline === timeline);
  if (end?.next != null && end.next >= position) return null;
  const newest = Math.floor(position / segmentBytes);
  const carry = end ? loadLastCarry(database.orm, server, timeline, end.number) : null;
  const from = carry ? Math.floor(lsnToNumber(carry.lsn) / segmentBytes) : newest - liveSegmentsMax + 1;
  const first = Math.max(0, from);
  const name = (number: number): string => nameOfSegment(timeline, number, segmentBytes);
  const last = name(Math.min(newest, first + liveSegmentsMax - 1));
  return { server, timeline, first: name(first), last, carry, from: 'live' as const, catalogues };
}
