import path from 'node:path';
import { historyNamePattern } from '@barback/shared/postgres/timeline.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { identityOf, listDirectory } from '../system/directory-tree.ts';
import { filesystemRoom } from '../system/filesystem.ts';
import { realPath } from '../system/look-at-file.ts';
import { openRegular } from '../system/open-file.ts';
import { lookUpUser } from '../system/users.ts';
import { abortReason, executeOk } from './execute.ts';
import type { Call, Host } from './handler.ts';
import { asBarman, keptWalPlace, makeKeptDirectory, type KeptWalPlace } from './kept-wal.ts';
import { findUnheld, type UnheldFile } from './unheld-wal.ts';
import type { WalPlaces } from './wal-places.ts';

type KeptWal = Result<'wal-tail-save'>['kept'];

/** As many copies at once as pay on a disk that is slow to sync. */
const atOnce = 4;
const copyMs = 10 * 60_000;

/** For which plan, and where Barman keeps the server's WAL. */
export interface KeepWork {
  readonly host: Host;
  readonly plan: string;
  readonly places: WalPlaces;
  readonly call: Call;
}

/** Live's pg_wal, links of its owner on the way followed; undefined when there is none. */
async function livePgWal(host: Host): Promise<string | undefined> {
  return realPath(path.join(host.server.postgres.dataDirectory, 'pg_wal'));
}

/** What Barman lacks of live's pg_wal, once it is sure to fit; nothing when live's directory is gone or empty. */
export async function findUnheldOfLive({ host, places }: KeepWork, floorBytes: number): Promise<UnheldFile[]> {
  const pgWal = await livePgWal(host);
  const files = pgWal === undefined ? [] : await findUnheld(pgWal, places);
  if (files.length > 0) await requireKeptRoom(places, files.length, floorBytes);
  return files;
}

/** Copies what receive-wal has begun: `receive-wal --reset` deletes it, and where live's files are gone nothing else has it. */
export async function keepReceived({ host, plan, places, call }: KeepWork, floorBytes: number): Promise<void> {
  const kept = keptWalPlace(places, plan);
  const { streaming } = places.wal;
  const known = new Set(await listDirectory(kept.directory));
  const names = await listDirectory(streaming);
  const files = names.filter((name) => /^[0-9A-F]{24}\.partial$/.test(name) && !known.has(name));
  if (files.length === 0) return;
  await requireKeptRoom(places, files.length, floorBytes);
  await makeKeptDirectory(host, kept, kept.copying, call);
  const sources = files.map((name) => path.join(streaming, name));
  await asBarman(host, ['/usr/bin/cp', '--preserve=timestamps', '-t', kept.copying, '--', ...sources], call);
  const copies = files.map((name) => path.join(kept.copying, name));
  await asBarman(host, ['/usr/bin/sync', '--', ...copies], call);
  await asBarman(host, ['/usr/bin/mv', '-f', '-t', kept.directory, '--', ...copies], call);
}

/** Copies files of pg_wal to the kept WAL of the plan. */
export async function copyUnheld(
  { host, plan, places, call }: KeepWork,
  files: readonly UnheldFile[],
  background: boolean,
): Promise<void> {
  if (files.length === 0) return;
  const kept = keptWalPlace(places, plan);
  await makeKeptDirectory(host, kept, kept.copying, call);
  const { uid } = await lookUpUser(host.server.postgres.user ?? null);
  const copied: string[] = [];
  for (let start = 0; start < files.length; start += atOnce) {
    if (call.signal.aborted) throw abortReason(call.signal);
    const batch = files.slice(start, start + atOnce);
    const done = await Promise.all(
      batch.map(async ({ source, name }) => {
        const target = path.join(kept.copying, name);
        return (await copyOne(host, { source, target, uid, background }, call)) ? [target] : [];
      }),
    );
    copied.push(...done.flat());
  }
  if (copied.length > 0) await asBarman(host, ['/usr/bin/mv', '-f', '-t', kept.directory, '--', ...copied], call);
  const plans = path.dirname(kept.directory);
  // The directories above may be new too.
  await asBarman(host, ['/usr/bin/sync', '--', kept.directory, plans, path.dirname(plans)], call);
}

interface Copying {
  readonly source: string;
  readonly target: string;
  /** PostgreSQL's user: a file of anybody else in its directory is none of its WAL. */
  readonly uid: number;
  readonly background: boolean;
}

/**
 * The agent reads, Barman's user writes: neither can be led to a file of the other by a link. False when live recycled the file
 * meanwhile, as it does with WAL that everybody has.
 */
async function copyOne(host: Host, { source, target, uid, background }: Copying, call: Call): Promise<boolean> {
  const file = await openRegular(source);
  if (!file) return false;
  try {
    if (file.uid !== uid) {
      call.log(`not copied, because it does not belong to PostgreSQL's user: ${source}`);
      return false;
    }
    const argv = ['/usr/bin/dd', `of=${target}`, 'bs=1M', 'oflag=nofollow', 'conv=fsync', 'status=none'];
    const user = host.server.barman.user ?? null;
    await executeOk({ argv, user, stdinFd: file.fd, timeoutMs: copyMs, background }, call.signal, 'barman-failed');
    return (await identityOf(source))?.inode === file.inode;
  } finally {
    await file.close();
  }
}

async function requireKeptRoom(places: WalPlaces, files: number, floorBytes: number): Promise<void> {
  const bytes = files * places.segmentBytes;
  const home = path.dirname(places.wal.kept);
  const { freeBytes } = await filesystemRoom(home);
  if (freeBytes >= bytes + floorBytes) return;
  throw new ProblemError(
    'insufficient-space',
    `${bytes} bytes of WAL that Barman has not archived must be copied to ${places.wal.kept}; ${freeBytes} are free and ${floorBytes} must remain`,
    {
      next: "free space on Barman's filesystem, or let Barman receive the WAL (barman check names what keeps it from that), then make a new plan",
      facts: { path: home, needBytes: bytes, freeBytes, floorBytes },
    },
  );
}

/** What lies there now, of this and of earlier tries. */
export async function keptWalOf({ directory }: KeptWalPlace): Promise<KeptWal> {
  const names = await listDirectory(directory);
  const segments = names.filter((name) => /^[0-9A-F]{24}(\.partial)?$/.test(name));
  const histories = names.filter((name) => historyNamePattern.test(name));
  const sizes = await Promise.all(
    [...segments, ...histories].map(async (name) => (await identityOf(path.join(directory, name)))?.size ?? 0),
  );
  return { directory, segments, histories, bytes: sizes.reduce((sum, one) => sum + one, 0) };
}
