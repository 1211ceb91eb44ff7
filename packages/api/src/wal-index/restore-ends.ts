import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import type { Reader } from '../db/database.ts';
import { loadCarry } from './wal-store.ts';
import type { WalState } from './wal-state.ts';

/**
 * Where WAL of a timeline ends when the unfinished file in which it ended is gone (`receive-wal --reset` deletes it): with the last
 * complete segment that was read.
 */
export function restoreEnds(reader: Reader, server: string, state: WalState): WalState['ends'] {
  const known = new Set(state.ends.map((end) => end.timeline));
  const timelines = new Set(state.read.map((range) => range.timeline));
  const restored = [...timelines].flatMap((timeline) => {
    if (known.has(timeline)) return [];
    const number = Math.max(...state.read.filter((range) => range.timeline === timeline).map((range) => range.last));
    const carry = loadCarry(reader, server, timeline, number);
    if (carry === null) return [];
    return [{ timeline, number, position: lsnToNumber(carry.lsn), next: (number + 1) * state.segmentBytes }];
  });
  return [...state.ends, ...restored];
}
