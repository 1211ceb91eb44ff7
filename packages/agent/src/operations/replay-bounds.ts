import type { Result } from '@barback/shared/operations/index.ts';
import type { Lsn } from '@barback/shared/postgres/lsn.ts';
import { parseLsn } from '@barback/shared/postgres/lsn.ts';
import { parseSegmentName } from '@barback/shared/postgres/segment.ts';
import type { WalTransaction } from '../postgres/wal-transactions.ts';
import { walkWalPath } from '../postgres/wal-path.ts';
import { listDirectory } from '../system/directory-tree.ts';
import { readHistories } from './read-histories.ts';
import type { ReplayWork } from './replay-work.ts';
import type { Recovered } from './scratch-completion.ts';
import { walOfCopy } from './stage-copy-wal.ts';
import { WalStager } from './stage-wal.ts';
import { WalReader } from './wal-reader.ts';
import { listWal } from './wal-store.ts';

type Bounds = Pick<Result<'scratch-replay'>, 'lastReplayed' | 'firstSkipped'>;

/** Segments fetched from Barman, behind the staged ones, to look for the first transaction that is not in the copy. */
const segmentsAhead = 64;

/** The last transaction in the copy and the first one after the place where replay stopped, from the WAL itself. */
export async function replayBounds(work: ReplayWork, stop: Lsn): Promise<Bounds> {
  const { host, place, recovered, call } = work;
  const { segmentBytes } = recovered.request;
  const staged = walOfCopy(place);
  const names = await pathNames(staged, recovered);
  const stopNumber = parseLsn(stop) / BigInt(segmentBytes);
  const number = (name: string) => parseSegmentName(name, segmentBytes)?.number ?? 0n;
  const reader = new WalReader(host, staged, segmentBytes, call.signal);
  const [last, here] = await Promise.all([
    reader.lastCommitBefore(
      names.filter((name) => number(name) <= stopNumber),
      stop,
    ),
    reader.firstCommitFrom(
      names.filter((name) => number(name) + 1n >= stopNumber),
      stop,
    ),
  ]);
  const first = here ?? (await firstBehind(work, names.at(-1), stop));
  return { lastReplayed: transaction(last), firstSkipped: transaction(first) };
}

/** The newest commit that the staged WAL holds at all. */
export async function newestCommit({ host, place, recovered, call }: ReplayWork): Promise<WalTransaction | null> {
  const staged = walOfCopy(place);
  const reader = new WalReader(host, staged, recovered.request.segmentBytes, call.signal);
  return reader.lastCommitBefore(await pathNames(staged, recovered), 'FFFFFFFF/FFFFFFFF');
}

async function pathNames(directory: string, recovered: Recovered): Promise<string[]> {
  const names = await listDirectory(directory);
  const { segmentBytes } = recovered.request;
  const segments = names.filter((name) => parseSegmentName(name, segmentBytes) !== undefined);
  // Each number is staged once, so the order of numbers is the order of replay.
  return segments.toSorted((one, other) => (one.slice(8) < other.slice(8) ? -1 : 1));
}

async function firstBehind(work: ReplayWork, last: string | undefined, stop: Lsn): Promise<WalTransaction | null> {
  const { host, place, recovered, call } = work;
  // Up to the end means that there was nothing behind it when the copy was made.
  if (recovered.request.upTo === 'end' || last === undefined) return null;
  const { segmentBytes, timeline } = recovered.request;
  const store = await listWal(recovered.request.directories, segmentBytes);
  const { histories } = await readHistories(store, recovered.request.user);
  const history = histories.find((one) => one.timeline === timeline) ?? { timeline, ancestors: [] };
  const walk = walkWalPath((name) => store.segments.has(name), history, { begin: last, until: null, segmentBytes });
  const behind = walk.segments.slice(0, segmentsAhead);
  const stager = new WalStager(place.waldump, recovered.request, call.signal);
  const reader = new WalReader(host, place.waldump, segmentBytes, call.signal);
  for (const [index, name] of behind.entries()) {
    // The segment after it too: a record may cross.
    await stager.segments(behind.slice(index, index + 2), store, () => undefined);
    const found = await reader.firstCommitFrom([name], stop);
    if (found) return found;
  }
  return null;
}

function transaction(found: WalTransaction | null): Bounds['lastReplayed'] {
  return found && { xid: found.xid, lsn: found.lsn, time: found.time };
}
