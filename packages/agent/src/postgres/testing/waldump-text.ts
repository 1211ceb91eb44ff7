import { lsnFromNumber, lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import type { SegmentFacts } from '../segment-summary.ts';
import { WalReducer, type ReducerOptions } from '../wal-reducer.ts';
import type { WaldumpLine } from '../waldump-line.ts';
import { WaldumpScanner, type WaldumpSink } from '../waldump-scanner.ts';

export const segmentBytes = 16 * 1024 * 1024;

export interface RecordText {
  readonly manager: string;
  readonly xid: number;
  readonly lsn: string;
  readonly description: string;
}

/** A line as pg_waldump prints it: `rmgr: %-11s len (rec/tot): %6u/%6u, tx: %10u, lsn: %X/%08X, prev %X/%08X, desc: %s`. */
export function recordText({ manager, xid, lsn, description }: RecordText): string {
  const [high = '0', low = '0'] = lsn.split('/');
  const position = `${high}/${low.padStart(8, '0')}`;
  return `rmgr: ${manager.padEnd(11)} len (rec/tot):     34/    34, tx: ${String(xid).padStart(10)}, lsn: ${position}, prev 0/00000028, desc: ${description}`;
}

/** A commit that says nothing but its time: microseconds past 2026-11-24 16:20. */
export function commitText(xid: number, position: number, micros = 0): string {
  const seconds = String(Math.floor(micros / 1_000_000)).padStart(2, '0');
  const time = `${seconds}.${String(micros % 1_000_000).padStart(6, '0')}`;
  return recordText({
    manager: 'Transaction',
    xid,
    lsn: lsnFromNumber(position),
    description: `COMMIT 2026-11-24 16:20:${time} UTC`,
  });
}

/** Microseconds since 1970 of 2026-11-24 16:20:00 UTC. */
export const commitEpoch = 1_795_537_200_000_000;

/** A row of a user's relation, as PostgreSQL 17 prints it. */
export function deletedRowText(xid: number, lsn: string, file = '1663/5/16385'): string {
  const description = `DELETE xmax: ${xid}, off: 5, infobits: [KEYS_UPDATED], flags: 0x00, blkref #0: rel ${file} blk 0`;
  return recordText({ manager: 'Heap', xid, lsn, description });
}

/** Everything that a scanner gives its sink, as one list. */
export type Seen =
  | { readonly row: 'deleted' | 'updated'; readonly xid: number; readonly file: string }
  | { readonly commit: number; readonly position: number; readonly time: number }
  | WaldumpLine;

/** Scans chunks of output to their end. */
export function scanned(chunks: readonly Buffer[], skip: number | null = null) {
  const seen: Seen[] = [];
  const sink: WaldumpSink = {
    row: (xid, file, what) => void seen.push({ row: what, xid, file }),
    commit: (xid, position, time) => void seen.push({ commit: xid, position, time }),
    record: (line) => void seen.push(line),
  };
  const lastLsn = scanInto(sink, chunks, skip);
  return { seen, lastLsn };
}

/** Reduces lines of output, and what is unfinished behind them. */
export function reduced(lines: readonly string[], options: Partial<ReducerOptions> = {}) {
  const { carry = null, catalogues = new Map() } = options;
  const reducer = new WalReducer({ segmentBytes, carry, catalogues });
  const skip = carry === null ? null : lsnToNumber(carry.lsn);
  const lastLsn = scanInto(reducer, [Buffer.from(lines.map((line) => `${line}\n`).join(''))], skip);
  const facts = new Map<number, SegmentFacts>();
  for (const [number, summary] of reducer.segments()) facts.set(number, summary.facts());
  return { facts, carry: reducer.carry(lastLsn ?? '0/0') };
}

function scanInto(sink: WaldumpSink, chunks: readonly Buffer[], skip: number | null): string | null {
  const scanner = new WaldumpScanner(sink, skip);
  for (const chunk of chunks) scanner.add(chunk);
  scanner.finish();
  return scanner.lastLsn;
}
