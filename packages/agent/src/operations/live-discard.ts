import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { clusterDirectories } from '../postgres/data-directory-files.ts';
import { identityOf, kindOf, removeTree, treeBytes } from '../system/directory-tree.ts';
import { filesystemRoom, isMountPoint } from '../system/filesystem.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { isKnownAgain } from '../system/known-again.ts';
import { requirePlan } from './backup-lease.ts';
import type { Handler, Host } from './handler.ts';
import { heldBy } from './hold.ts';
import { placesOf } from './kept-list.ts';
import { cannotDelete, removePlace } from './remove-place.ts';
import { requireStopped } from './require-stopped.ts';
import { scratchPlace } from './scratch-place.ts';
import { hasSavedTail } from './wal-tail-save.ts';

const recordSchema = z.strictObject({
  device: z.string(),
  inode: z.string(),
  /** Directories that its links lead to: gone from it once pg_tblspc is. */
  places: z.array(z.string()),
  bytes: z.int(),
});
type DiscardRecord = z.infer<typeof recordSchema>;

/** Tablespaces elsewhere make no room here: what the data directory and what lies on its filesystem free counts. */
export const liveDiscardLook: Handler<'live-discard-look'> = {
  async perform(host, { needBytes }, call) {
    await requireAllowed(host, requirePlan(call));
    const there = await whatGoes(host);
    const { freeBytes, device } = await filesystemRoom(path.dirname(host.server.postgres.dataDirectory));
    const here = await Promise.all(
      (there?.places ?? []).map(async (place) =>
        (await filesystemRoom(place)).device === device ? treeBytes(place) : 0,
      ),
    );
    const bytes = here.reduce((sum, one) => sum + one, there?.dataBytes ?? 0);
    const { freeBytesFloor } = host.server.scratch;
    if (freeBytes + bytes < needBytes + freeBytesFloor) throw noRoom({ bytes, freeBytes, needBytes, freeBytesFloor });
    return { bytes, freeBytes };
  },
};

/** What is to go is written down before anything goes, so that a deletion that was interrupted ends as it began. */
export const liveDiscard: Handler<'live-discard'> = {
  async perform(host, _params, call) {
    const plan = requirePlan(call);
    await requireAllowed(host, plan);
    const record = (await readDiscard(host, plan)) ?? (await begin(host, plan));
    if (record === null) return { existed: false, bytes: 0 };
    await requireSame(host, record);
    for (const place of record.places) await removePlace(host, place);
    for (const directory of await directoriesOf(host)) await removeTree(directory);
    return { existed: true, bytes: record.bytes };
  },

  async observe(host, _params, call) {
    const record = await readDiscard(host, requirePlan(call));
    if (!record) return { is: 'absent' };
    const left = await directoriesOf(host);
    if (left.length === 0) return { is: 'complete', result: { existed: true, bytes: record.bytes } };
    return { is: 'partial', facts: { left } };
  },
};

async function requireAllowed(host: Host, plan: string): Promise<void> {
  const { dataDirectory } = host.server.postgres;
  await requireStopped(dataDirectory);
  if ((await heldBy(host)) !== plan)
    throw cannotDelete(dataDirectory, 'this plan does not hold it: it was not stopped by it');
  if (!(await hasSavedTail(host, plan))) throw cannotDelete(dataDirectory, 'its WAL was not saved by this plan');
}

interface Goes {
  readonly device: string;
  readonly inode: string;
  readonly places: string[];
  /** Of the cluster's directories, without what links lead to. */
  readonly dataBytes: number;
}

/** Null when there is no cluster: emptied before, by whoever. */
async function whatGoes(host: Host): Promise<Goes | null> {
  const { dataDirectory } = host.server.postgres;
  const found = await identityOf(dataDirectory);
  if (!found) return null;
  if ((await kindOf(dataDirectory)) !== 'directory') throw cannotDelete(dataDirectory, 'it is not a directory');
  if (await isMountPoint(dataDirectory)) throw cannotDelete(dataDirectory, 'a filesystem is mounted there');
  const directories = await directoriesOf(host);
  if (directories.length === 0) return null;
  const { device, inode } = found;
  return { device, inode, places: await placesOf(dataDirectory), dataBytes: await sizeOf(directories) };
}

async function begin(host: Host, plan: string): Promise<DiscardRecord | null> {
  const goes = await whatGoes(host);
  if (goes === null) return null;
  const { dataBytes, ...there } = goes;
  const record = { ...there, bytes: dataBytes + (await sizeOf(there.places)) };
  await writeAtomic(recordFile(host, plan), JSON.stringify(record));
  return record;
}

async function sizeOf(directories: readonly string[]): Promise<number> {
  return (await Promise.all(directories.map(treeBytes))).reduce((sum, one) => sum + one, 0);
}

function noRoom(facts: Readonly<Record<'bytes' | 'freeBytes' | 'needBytes' | 'freeBytesFloor', number>>): ProblemError {
  const { bytes, freeBytes, needBytes, freeBytesFloor } = facts;
  return new ProblemError(
    'insufficient-space',
    `the copy needs ${needBytes} bytes and ${freeBytesFloor} must remain; ${freeBytes} are free, and deleting live would add ${bytes}`,
    { next: 'nothing was deleted, and live is started again: free space, or restore an older, smaller backup', facts },
  );
}

async function requireSame(host: Host, record: DiscardRecord): Promise<void> {
  const { dataDirectory } = host.server.postgres;
  if (await isKnownAgain(record, await identityOf(dataDirectory))) return;
  throw cannotDelete(dataDirectory, 'it is not the directory that the deletion was begun in');
}

/** Of the cluster and still there; a pg_wal behind a link stays as a link, because the next one goes where it leads. */
async function directoriesOf(host: Host): Promise<string[]> {
  const { dataDirectory } = host.server.postgres;
  const all = clusterDirectories.map((name) => path.join(dataDirectory, name));
  const kinds = await Promise.all(all.map(kindOf));
  return all.filter((_, at) => kinds[at] === 'directory');
}

async function readDiscard(host: Host, plan: string): Promise<DiscardRecord | undefined> {
  const text = await readIfExists(recordFile(host, plan));
  if (text === undefined) return undefined;
  const parsed = recordSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new ProblemError('internal', `cannot read the record ${recordFile(host, plan)}`, {
    next: 'look at the data directory and at that file; nothing more was deleted',
  });
}

function recordFile(host: Host, plan: string): string {
  return path.join(scratchPlace(host, plan).records, 'discarded.json');
}
