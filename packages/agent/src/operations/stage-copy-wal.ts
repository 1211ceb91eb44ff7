import type { Params } from '@barback/shared/operations/index.ts';
import { parseLsn } from '@barback/shared/postgres/lsn.ts';
import { parseSegmentName, segmentName } from '@barback/shared/postgres/segment.ts';
import { executeOk } from './execute.ts';
import type { Call, Host } from './handler.ts';
import { scratchUser, type ScratchPlace } from './scratch-place.ts';
import { chooseWal, walMissing, WalStager, type WalChoice, type WalRequest } from './stage-wal.ts';

type Aim = Pick<Params<'scratch-recover'>, 'target' | 'timeline'>;

export interface StageWork {
  readonly host: Host;
  readonly place: ScratchPlace;
  readonly params: Aim;
  readonly call: Call;
}

/** A target needs the segment that its record begins in, and the next one if the record crosses; the backup needs its own. */
export function neededUpTo({ target, timeline }: Aim, endWal: string, segmentBytes: number) {
  if (target.type === 'latest') return { required: endWal, upTo: 'end' };
  if (target.type === 'immediate') return { required: endWal, upTo: endWal };
  const number = parseLsn(target.lsn) / BigInt(segmentBytes);
  const ofBackup = parseSegmentName(endWal, segmentBytes)?.number ?? 0n;
  const name = (one: bigint): string => segmentName({ timeline, number: one }, segmentBytes);
  return number < ofBackup
    ? { required: endWal, upTo: endWal }
    : { required: number === ofBackup ? endWal : name(number), upTo: name(number + 1n) };
}

/** "Latest" means the end: a hole before it is said at once. A time target may lie before the hole, which replay will tell. */
export function refuseGap(choice: WalChoice, { target, timeline }: Aim): void {
  if (choice.gap !== null && target.type === 'latest') throw walMissing(choice.gap, timeline);
}

/** Where the WAL that a copy replays lies, as its restore_command names it. */
export function walOfCopy(place: ScratchPlace): string {
  return `${place.pgdata}/barman_wal`;
}

/**
 * Copies the WAL that a copy replays into its data directory; what it has already of segments before `from` is not copied again.
 * The last one it has may have grown since.
 */
export async function stageCopyWal(work: StageWork, request: WalRequest, from?: string) {
  const { host, place, params, call } = work;
  const directory = walOfCopy(place);
  const argv = ['/usr/bin/install', '-d', '-m', '0700', '--', directory];
  await executeOk({ argv, user: scratchUser(host), timeoutMs: 30_000 }, call.signal, 'internal');
  // Chosen again: while the base was copied, segments were closed and moved to the archive.
  const choice = await chooseWal(request);
  refuseGap(choice, params);
  const segments = from === undefined ? choice.segments : segmentsFrom(choice, from);
  call.progress('wal', 0, segments.length * request.segmentBytes);
  await placeWal({ choice, segments, directory }, request, call);
  return {
    gap: choice.gap,
    staged: stagedOf(request, directory, segments),
    summary: walSummary(choice, segments, request),
  };
}

/** By number: the name of one that was begun on another timeline differs in that. */
export function segmentsFrom({ segments }: WalChoice, from: string): string[] {
  return segments.filter((name) => name.slice(8) >= from.slice(8));
}

interface Placed {
  readonly choice: WalChoice;
  readonly segments: readonly string[];
  readonly directory: string;
}

/** Histories and segments of a choice, as files of the user who replays them. */
export async function placeWal({ choice, segments, directory }: Placed, request: WalRequest, call: Call) {
  const total = segments.length * request.segmentBytes;
  const stager = new WalStager(directory, request, call.signal);
  await stager.histories(choice.store);
  await stager.segments(segments, choice.store, (bytes) => call.progress('wal', bytes, total));
}

export function stagedOf({ timeline, segmentBytes }: WalRequest, directory: string, segments: readonly string[]) {
  return { directory, segments, timeline, segmentBytes };
}

export function walSummary(choice: WalChoice, segments: readonly string[], { segmentBytes }: WalRequest) {
  return {
    segments: segments.length,
    bytes: segments.length * segmentBytes,
    first: segments[0] ?? null,
    last: segments.at(-1) ?? null,
    partial: segments.find((name) => choice.store.segments.get(name)?.place === 'partial') ?? null,
  };
}
