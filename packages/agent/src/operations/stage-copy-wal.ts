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

/**
 * Copies the WAL that a copy replays into its data directory; what it has already of segments before `from` is not copied again.
 * The last one it has may have grown since.
 */
export async function stageCopyWal({ host, place, params, call }: StageWork, request: WalRequest, from?: string) {
  const directory = `${place.pgdata}/barman_wal`;
  const user = scratchUser(host);
  await executeOk(
    { argv: ['/usr/bin/install', '-d', '-m', '0700', '--', directory], user, timeoutMs: 30_000 },
    call.signal,
    'internal',
  );
  // Chosen again: while the base was copied, segments were closed and moved to the archive.
  const choice = await chooseWal(request);
  refuseGap(choice, params);
  // By number: the name of one that was begun on another timeline differs in that.
  const segments =
    from === undefined ? choice.segments : choice.segments.filter((name) => name.slice(8) >= from.slice(8));
  const total = segments.length * request.segmentBytes;
  const stager = new WalStager(directory, request, call.signal);
  call.progress('wal', 0, total);
  await stager.histories(choice.store);
  await stager.segments(segments, choice.store, (bytes) => call.progress('wal', bytes, total));
  const partial = segments.find((name) => choice.store.segments.get(name)?.place === 'partial') ?? null;
  return {
    gap: choice.gap,
    staged: { directory, segments, timeline: request.timeline, segmentBytes: request.segmentBytes },
    summary: {
      segments: segments.length,
      bytes: total,
      first: segments[0] ?? null,
      last: segments.at(-1) ?? null,
      partial,
    },
  };
}
