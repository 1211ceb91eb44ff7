import { constants } from 'node:fs';
import { lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from './files.ts';

/** A file, or a directory with everything in it. */
export interface Wanted {
  readonly path: string;
  /** Of a directory, only entries whose names begin with one of these. */
  readonly startingWith?: readonly string[] | undefined;
}

export interface SmallFile {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
  readonly content: Buffer;
}

interface Unread {
  readonly path: string;
  readonly why: 'unreadable' | 'too-large' | 'too-many';
}

interface Limits {
  readonly fileBytesMax: number;
  readonly filesMax: number;
}

/**
 * Reads regular files whole, sorted by path; what does not exist is not mentioned. Links to files are followed, so that the caller's rights
 * decide what is read, links to directories and to logs are not.
 */
export async function readSmallFiles(
  wanted: readonly Wanted[],
  { fileBytesMax, filesMax }: Limits,
): Promise<{ readonly files: SmallFile[]; readonly unread: Unread[] }> {
  const files: SmallFile[] = [];
  const unread: Unread[] = [];
  const names = new Set<string>();
  for (const one of wanted) for (const name of await namesOf(one, unread)) names.add(name);
  for (const name of [...names].toSorted()) {
    if (files.length >= filesMax) unread.push({ path: name, why: 'too-many' });
    else {
      const found = await readSmall(name, fileBytesMax);
      if (found === undefined) continue;
      if (typeof found === 'string') unread.push({ path: name, why: found });
      else files.push(found);
    }
  }
  return { files, unread };
}

async function namesOf({ path: place, startingWith }: Wanted, unread: Unread[]): Promise<string[]> {
  const kind = await stat(place).catch(() => undefined);
  if (kind === undefined || !kind.isDirectory()) return [place];
  try {
    const entries = await readdir(place, { withFileTypes: true });
    const chosen = entries.filter(({ name }) => startingWith?.some((start) => name.startsWith(start)) ?? true);
    const below = await Promise.all(
      chosen.map(async (entry) => {
        const file = path.join(place, entry.name);
        if (entry.isDirectory()) return namesOf({ path: file }, unread);
        return entry.isFile() || (entry.isSymbolicLink() && (await leadsToConfiguration(file))) ? [file] : [];
      }),
    );
    return below.flat();
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) unread.push({ path: place, why: 'unreadable' });
    return [];
  }
}

/** Debian's clusters have a link `log` beside their configuration. */
async function leadsToConfiguration(link: string): Promise<boolean> {
  const target = await realpath(link).catch(() => undefined);
  if (target === undefined || target.startsWith('/var/log/')) return false;
  return (await lstat(target)).isFile();
}

async function readSmall(file: string, bytesMax: number): Promise<SmallFile | Unread['why'] | undefined> {
  let handle;
  try {
    // Without waiting: a pipe that nobody writes to would hold the process for ever.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const found = await handle.stat();
    if (!found.isFile()) return undefined;
    if (found.size > bytesMax) return 'too-large';
    return { path: file, uid: found.uid, gid: found.gid, mode: found.mode & 0o7777, content: await handle.readFile() };
  } catch (error) {
    return hasCode(error, 'ENOENT', 'ENOTDIR', 'ENXIO') ? undefined : 'unreadable';
  } finally {
    await handle?.close();
  }
}
