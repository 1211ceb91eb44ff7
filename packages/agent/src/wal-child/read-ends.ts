import { walEndsMax } from '@barback/shared/operations/wal-ends.ts';
import { lsnToNumber, type Lsn } from '@barback/shared/postgres/lsn.ts';
import { segmentStart } from '@barback/shared/postgres/segment.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { waldumpFirstArgv, waldumpRangeArgv } from '../postgres/argv.ts';
import { WaldumpScanner } from '../postgres/waldump-scanner.ts';
import { placeFiles, type PlacedFiles } from './place-files.ts';
import { runWaldump } from './run-waldump.ts';
import { SegmentEnds } from './segment-ends.ts';
import type { EndsRequest, WalAnswer } from './wal-request.ts';

/** Every end of a transaction that begins in the first file; the second is there for a record that crosses. */
export async function readEnds(request: EndsRequest, signal: AbortSignal): Promise<WalAnswer> {
  return placeFiles(request, request.files, async (placed) => {
    const first = placed.files[0];
    if (!first) {
      if (placed.stop?.is === 'fault') throw new ProblemError('wal-missing', placed.stop.fault.detail);
      if (placed.stop?.is === 'empty')
        return { is: 'ends', result: { ...new SegmentEnds(0, 0).result(), recordAt: null } };
      return { is: 'moved', segment: request.files[0]?.segment ?? '' };
    }
    const { segmentBytes, timeline } = request;
    const start = segmentStart({ timeline, number: first.number }, segmentBytes);
    const range = rangeOf(request, placed, start);
    const ends = new SegmentEnds(lsnToNumber(start), segmentBytes);
    const scanner = new WaldumpScanner(ends, null);
    const ended = await runWaldump(waldumpRangeArgv(range, 'ends'), segmentBytes, signal, (chunk) => {
      scanner.add(chunk);
      return ends.count <= walEndsMax && !ends.isBehind;
    });
    scanner.finish();
    if (ended.is === 'vanished') return { is: 'moved', segment: first.segment };
    const recordAt = request.at === null ? null : await recordFrom(request, placed, request.at, signal);
    return { is: 'ends', result: { ...ends.result(), recordAt } };
  });
}

/** Behind a switch of segments, the rest of the file is empty and the next record begins in the next one. */
async function recordFrom(
  request: EndsRequest,
  placed: PlacedFiles,
  at: Lsn,
  signal: AbortSignal,
): Promise<Lsn | null> {
  const found = await firstRecord(request, placed, at, signal);
  const next = placed.files[1];
  if (found !== null || !next) return found;
  const start = segmentStart({ timeline: request.timeline, number: next.number }, request.segmentBytes);
  return firstRecord(request, placed, start, signal);
}

async function firstRecord(
  request: EndsRequest,
  placed: PlacedFiles,
  at: Lsn,
  signal: AbortSignal,
): Promise<Lsn | null> {
  const chunks: Buffer[] = [];
  const argv = waldumpFirstArgv(rangeOf(request, placed, at));
  await runWaldump(argv, request.segmentBytes, signal, (chunk) => chunks.push(chunk) > 0);
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  const line = lines.find((one) => one.startsWith('rmgr: '));
  return line === undefined ? null : (/, lsn: ([0-9A-F]+\/[0-9A-F]+),/.exec(line)?.[1] ?? null);
}

function rangeOf({ binDirectory, timeline, segmentBytes }: EndsRequest, placed: PlacedFiles, start: Lsn) {
  const last = placed.files.at(-1)?.number ?? 0n;
  const end = segmentStart({ timeline, number: last + 1n }, segmentBytes);
  return { binDirectory, directory: placed.directory, timeline, start, end };
}
