import type { WalFault, WalSegmentSummary } from '@barback/shared/operations/wal-index.ts';
import { compareLsn, lsnToNumber, type Lsn } from '@barback/shared/postgres/lsn.ts';
import { segmentStart } from '@barback/shared/postgres/segment.ts';
import { waldumpRangeArgv } from '../postgres/argv.ts';
import { SegmentSummary } from '../postgres/segment-summary.ts';
import type { WaldumpEnd } from '../postgres/waldump-end.ts';
import { WaldumpScanner } from '../postgres/waldump-scanner.ts';
import { WalReducer } from '../postgres/wal-reducer.ts';
import { monotonicMs } from '../system/clock.ts';
import { placeFiles, type PlacedFiles } from './place-files.ts';
import { numberOf } from './place-file.ts';
import { runWaldump } from './run-waldump.ts';
import type { IndexRequest, WalAnswer, WalFile } from './wal-request.ts';

/** Files that are put together and read at once: their decompressed copies need so much room. */
const filesAtOnce = 8;

/** What was learned so far. */
interface Reading {
  readonly request: IndexRequest;
  readonly reducer: WalReducer;
  /** Identity of each file that was read, by number. */
  readonly files: Map<bigint, { segment: string; file: WalSegmentSummary['file'] }>;
  /** Begin of the last record that was read. */
  lsn: Lsn | null;
  systemIdentifier: string | null;
}

type Stop =
  | { readonly end: 'complete' | 'time' }
  | { readonly end: 'open'; readonly at: Lsn | null }
  | { readonly end: 'fault'; readonly fault: WalFault }
  | { readonly end: 'moved'; readonly segment: string };

/** Reads the files of the request a few at a time, until they, WAL or the time end. */
export async function readIndex(request: IndexRequest, signal: AbortSignal): Promise<WalAnswer> {
  const { segmentBytes, carry, files } = request;
  const catalogues = new Map(request.catalogues.map((one) => [one.file, one.oid]));
  const reducer = new WalReducer({ segmentBytes, carry, catalogues });
  const reading: Reading = { request, reducer, files: new Map(), lsn: carry?.lsn ?? null, systemIdentifier: null };
  const deadline = monotonicMs() + request.budgetMs;
  for (let [from, count] = [0, filesAtOnce]; ; ) {
    const batch = files.slice(from, from + count);
    const stop = await readBatch(reading, batch, signal);
    if (stop !== null) return answer(reading, stop);
    if (from + count >= files.length)
      return answer(reading, files.at(-1)?.mayEnd ? { end: 'open', at: null } : { end: 'complete' });
    if (monotonicMs() > deadline) return answer(reading, { end: 'time' });
    // Again from the last record, which may cross into the next file.
    const next = Math.max(from, indexOfRecord(reading));
    // Files without one record that counts: from further back, and further ahead.
    count = next === from ? count * 2 : filesAtOnce;
    from = next;
  }
}

function indexOfRecord({ lsn, request }: Reading): number {
  if (lsn === null) return 0;
  const number = segmentNumberAt(lsn, request.segmentBytes);
  return request.files.findIndex((one) => numberOf(one.segment, request.segmentBytes) === number);
}

/** Null when all of the batch was read. */
async function readBatch(reading: Reading, batch: readonly WalFile[], signal: AbortSignal): Promise<Stop | null> {
  const { request } = reading;
  return placeFiles(request, batch, async (all) => {
    reading.systemIdentifier ??= all.files[0]?.systemIdentifier ?? null;
    const placed = upToForeign(all, reading.systemIdentifier);
    for (const { number, segment, file } of placed.files) reading.files.set(number, { segment, file });
    const stopped = placed.files.length === 0 ? null : await readPlaced(reading, placed, signal);
    return stopped ?? stopOf(placed);
  });
}

/** WAL that another cluster wrote is where this one's ends. */
function upToForeign(placed: PlacedFiles, own: string | null): PlacedFiles {
  const at = placed.files.findIndex((one) => one.systemIdentifier !== own);
  const foreign = placed.files[at];
  if (!foreign) return placed;
  const { segment, systemIdentifier } = foreign;
  const detail = `${segment} was written by the cluster ${systemIdentifier}, the WAL before it by ${own}`;
  const stop = { is: 'fault' as const, fault: { segment, cause: 'foreign' as const, detail } };
  return { ...placed, files: placed.files.slice(0, at), stop };
}

/** Why not every file of the batch could be put in place; null when every one was. */
function stopOf({ stop }: PlacedFiles): Stop | null {
  switch (stop?.is) {
    case 'fault':
      return { end: 'fault', fault: stop.fault };
    case 'moved':
      return { end: 'moved', segment: stop.segment };
    case 'empty':
      return { end: 'open', at: null };
    case undefined:
      return null;
  }
}

async function readPlaced(reading: Reading, placed: PlacedFiles, signal: AbortSignal): Promise<Stop | null> {
  const { request, reducer } = reading;
  const { segmentBytes, timeline } = request;
  const [first, last] = [placed.files[0], placed.files.at(-1)];
  if (!first || !last) return null;
  const start = reading.lsn ?? segmentStart({ timeline, number: first.number }, segmentBytes);
  const end = segmentStart({ timeline, number: last.number + 1n }, segmentBytes);
  const scanner = new WaldumpScanner(reducer, reading.lsn === null ? null : lsnToNumber(reading.lsn));
  const range = { binDirectory: request.binDirectory, directory: placed.directory, timeline, start, end };
  const ended = await runWaldump(waldumpRangeArgv(range, 'index'), segmentBytes, signal, (chunk) => {
    scanner.add(chunk);
    return true;
  });
  scanner.finish();
  reading.lsn = furthest(scanner.lastLsn, ended.is === 'stopped' ? ended.lastRecord : null);
  return stopAt(request, placed, ended);
}

/** Where WAL stops inside the files: its end for now, or damage. */
function stopAt(request: IndexRequest, placed: PlacedFiles, ended: WaldumpEnd): Stop | null {
  if (ended.is === 'complete') return null;
  const first = placed.files[0];
  if (ended.is === 'vanished' || !first) return { end: 'moved', segment: first?.segment ?? '' };
  const at =
    ended.is === 'stopped' ? segmentNumberAt(ended.at ?? ended.lastRecord, request.segmentBytes) : first.number;
  const file = placed.files.find((one) => one.number === at) ?? placed.files.at(-1) ?? first;
  if (file.mayEnd) return { end: 'open', at: ended.is === 'stopped' ? ended.at : null };
  return { end: 'fault', fault: { segment: file.segment, cause: 'damaged', detail: ended.reason } };
}

function answer(reading: Reading, stop: Stop): WalAnswer {
  if (stop.end === 'moved') return { is: 'moved', segment: stop.segment };
  const { request, reducer, lsn } = reading;
  const first = numberOf(request.first, request.segmentBytes);
  const summaries = reducer.segments();
  const segments = [...reading.files]
    .filter(([number]) => number >= first)
    .map(([number, { segment, file }]) => {
      const facts = (summaries.get(Number(number)) ?? new SegmentSummary()).facts();
      return { segment, ...facts, file };
    });
  return {
    is: 'index',
    result: {
      segments,
      carry: lsn === null ? null : reducer.carry(lsn),
      end: stop.end,
      fault: stop.end === 'fault' ? stop.fault : null,
      openAt: stop.end === 'open' ? stop.at : null,
      systemIdentifier: reading.systemIdentifier,
    },
  };
}

function segmentNumberAt(lsn: Lsn, segmentBytes: number): bigint {
  return BigInt(Math.floor(lsnToNumber(lsn) / segmentBytes));
}

function furthest(one: Lsn | null, other: Lsn | null): Lsn | null {
  if (one === null || other === null) return one ?? other;
  return compareLsn(one, other) >= 0 ? one : other;
}
