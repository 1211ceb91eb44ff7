import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { remoteName, type MirroredPlaces } from '../mirror/passes.ts';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { filesBelow, type FileBelow } from '../system/files-below.ts';
import { execute } from './execute.ts';
import type { Call, Host } from './handler.ts';
import { hashesFile, mirrorUser } from './mirror-place.ts';

const hashedSchema = z.strictObject({
  size: z.int(),
  modifiedAt: z.number(),
  inode: z.string(),
  sha256: z.string(),
});

/** By name below the mirror. A file is hashed once, until it is another one. */
const hashesSchema = z.record(z.string(), hashedSchema);

export type Hashes = z.infer<typeof hashesSchema>;

interface Found extends FileBelow {
  readonly name: string;
}

const filesAtOnce = 256;

export async function readHashes(host: Host): Promise<Hashes | undefined> {
  const text = await readIfExists(hashesFile(host));
  if (text === undefined) return undefined;
  const parsed = hashesSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new ProblemError('internal', `cannot read ${hashesFile(host)}`, {
    next: 'remove it: every file of the mirror is hashed again at its next run',
  });
}

export async function writeHashes(host: Host, hashes: Hashes): Promise<void> {
  await ensureDirectory(path.dirname(hashesFile(host)));
  await writeAtomic(hashesFile(host), JSON.stringify(hashes));
}

/**
 * The hashes of everything that is final: the data of backups that are DONE, and archived WAL. What cannot be read any more is left
 * out: retention has deleted it.
 */
export async function hashFinalFiles(
  host: Host,
  { places, done }: { readonly places: MirroredPlaces; readonly done: readonly string[] },
  call: Call,
): Promise<{ readonly hashes: Hashes; readonly bytesHashed: number }> {
  const known = (await readHashes(host)) ?? {};
  const roots = [...done.map((id) => path.join(places.base, id)), places.wals, places.kept];
  const files = (await Promise.all(roots.map(filesBelow))).flat().flatMap((one) => named(places, one));
  // By what the file is, not by its name: backups that reuse files share them as hard links.
  const hashOf = new Map(Object.values(known).map((one) => [fileKey(one), one.sha256]));
  const unknown = [
    ...new Map(files.filter((one) => !hashOf.has(fileKey(one))).map((one) => [fileKey(one), one])).values(),
  ];
  const total = unknown.reduce((sum, one) => sum + one.size, 0);
  for (let start = 0, bytes = 0; start < unknown.length; start += filesAtOnce) {
    const batch = unknown.slice(start, start + filesAtOnce);
    call.progress('hashes', bytes, total);
    const names = batch.map(({ file }) => file);
    const fresh = await hashFiles(mirrorUser(host), names, call);
    for (const one of batch) {
      const sha256 = fresh.get(one.file);
      if (sha256 !== undefined) hashOf.set(fileKey(one), sha256);
    }
    bytes += batch.reduce((sum, one) => sum + one.size, 0);
  }
  const hashes = files.flatMap((one): [string, Hashes[string]][] => {
    const { name, size, modifiedAt, inode } = one;
    const sha256 = hashOf.get(fileKey(one));
    return sha256 === undefined ? [] : [[name, { size, modifiedAt, inode, sha256 }]];
  });
  return { hashes: Object.fromEntries(hashes), bytesHashed: total };
}

/** A file that is written to gets another time, one that is replaced another inode. */
function fileKey({ size, modifiedAt, inode }: Pick<Found, 'size' | 'modifiedAt' | 'inode'>): string {
  return `${inode} ${size} ${modifiedAt}`;
}

/** By the user who may read them; a file that cannot be read is not in the answer. */
export async function hashFiles(
  user: string | null,
  files: readonly string[],
  call: Call,
): Promise<ReadonlyMap<string, string>> {
  const argv = ['/usr/bin/sha256sum', '--', ...files];
  const outcome = await execute({ argv, user, background: true, timeoutMs: 6 * 3_600_000 }, call.signal);
  return parseHashes(outcome.stdout);
}

/** Lines of sha256sum; one with a backslash in front has a name that nothing of PostgreSQL or Barman has. */
export function parseHashes(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').flatMap((line): [string, string][] => {
    const [, sha256, file] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
    return sha256 === undefined || file === undefined ? [] : [[file, sha256]];
  });
  return new Map(lines);
}

function named(places: MirroredPlaces, found: FileBelow): Found[] {
  const name = remoteName(places, found.file);
  return name === undefined || /\/(xlog\.db|\.[^/]*\.lock)$/.test(`/${name}`) ? [] : [{ ...found, name }];
}
