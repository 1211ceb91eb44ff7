import { constants } from 'node:fs';
import { lstat, mkdir, open, readFile, readdir, realpath, rename, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { hasCode, syncDirectory, type FileOptions } from './files.ts';
import { mountPointsOf } from './filesystem.ts';

/**
 * Creates one directory with exactly this mode (0700 when left out) and owner; fails when it exists. Owner and mode are set
 * through the open directory: whoever owns the parent could put a symbolic link at its name meanwhile.
 */
export async function makeDirectory(directory: string, options: FileOptions = {}): Promise<void> {
  await mkdir(directory, { mode: 0o700 });
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    if ((await handle.stat()).uid !== process.geteuid?.()) throw replaced(directory);
    if (options.owner) await handle.chown(options.owner.uid, options.owner.gid);
    // After chown, and explicitly: mkdir(2) cuts the mode by the umask.
    await handle.chmod(options.mode ?? 0o700);
  } finally {
    await handle.close();
  }
}

function replaced(directory: string): ProblemError {
  return new ProblemError('location-unsafe', `${directory} was replaced while it was made`, {
    next: 'find out who writes there before anything is tried again',
  });
}

/** Creates the directory and missing parents; an existing one is left as it is. */
export async function ensureDirectory(directory: string, options: FileOptions = {}): Promise<void> {
  await mkdir(path.dirname(directory), { recursive: true, mode: 0o700 });
  try {
    await makeDirectory(directory, options);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

/** Names in a directory, sorted; none when it does not exist. */
export async function listDirectory(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).toSorted();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** What is at a path, not following a symbolic link. */
export async function kindOf(file: string): Promise<'absent' | 'file' | 'directory' | 'symlink' | 'other'> {
  try {
    const found = await lstat(file);
    if (found.isDirectory()) return 'directory';
    if (found.isFile()) return 'file';
    return found.isSymbolicLink() ? 'symlink' : 'other';
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return 'absent';
    throw error;
  }
}

export interface FileIdentity {
  readonly device: string;
  readonly inode: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly size: number;
  /** Content; microseconds since 1970. */
  readonly modifiedAt: number;
  /** Content, name or owner; set by the kernel alone. */
  readonly changedAt: number;
}

/** Device, inode, owner, mode bits and times of a path itself; undefined when absent. */
export async function identityOf(file: string): Promise<FileIdentity | undefined> {
  try {
    const found = await lstat(file, { bigint: true });
    return {
      device: String(found.dev),
      inode: String(found.ino),
      uid: Number(found.uid),
      gid: Number(found.gid),
      mode: Number(found.mode & 0o7777n),
      size: Number(found.size),
      modifiedAt: Number(found.mtimeNs / 1000n),
      changedAt: Number(found.ctimeNs / 1000n),
    };
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** The same of what a path leads to. */
export async function targetIdentity(file: string): Promise<FileIdentity | undefined> {
  try {
    return await identityOf(await realpath(file));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Renames a directory and makes that durable; both paths lie in the same parent or at least on one filesystem. */
export async function renameDurable(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(path.dirname(to));
  if (path.dirname(from) !== path.dirname(to)) await syncDirectory(path.dirname(from));
}

/**
 * Deletes a directory tree: renamed first, so that a half-deleted tree never carries the name. Symbolic links are
 * removed, never followed, not even when the tree's owner swaps them in meanwhile; a mount inside refuses it as a whole.
 */
export async function removeTree(directory: string): Promise<void> {
  const trash = path.join(path.dirname(directory), `.trash-${path.basename(directory)}`);
  await refuseMounts(directory);
  await refuseMounts(trash);
  // What an interrupted removal of the same directory has left.
  if ((await kindOf(trash)) !== 'absent') await removeDirectory(trash);
  const kind = await kindOf(directory);
  if (kind === 'absent') return;
  if (kind !== 'directory') {
    throw new ProblemError('location-unsafe', `cannot delete ${directory}: it is not a directory`, {
      next: 'look at the path and remove it by hand if it is not needed',
    });
  }
  await rename(directory, trash);
  await removeDirectory(trash);
  await syncDirectory(path.dirname(directory));
}

async function refuseMounts(directory: string): Promise<void> {
  for (const point of mountPointsOf(await readFile('/proc/self/mountinfo', 'utf8'))) {
    if (point !== directory && !point.startsWith(`${directory}/`)) continue;
    throw new ProblemError('location-unsafe', `cannot delete ${directory}: a filesystem is mounted at ${point}`, {
      next: `unmount it (umount ${point}) and try again`,
    });
  }
}

/** Works through the open directory, so that every name below is looked up in exactly that directory (openat(2)). */
async function removeDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const here = `/proc/self/fd/${handle.fd}`;
    for (const entry of await readdir(here, { withFileTypes: true })) {
      const child = `${here}/${entry.name}`;
      if (entry.isDirectory()) await removeDirectory(child);
      else await unlink(child);
    }
  } finally {
    await handle.close();
  }
  await rmdir(directory);
}

const lookedAtOnce = 64;

/** Bytes of all files below a directory as `stat` reports them, not following links; files that vanish meanwhile count 0. */
export async function treeBytes(directory: string): Promise<number> {
  let bytes = 0;
  const names = await listDirectory(directory);
  // Some at a time: one after the other waits for each answer of the kernel, all at once would hold a million of them.
  for (let start = 0; start < names.length; start += lookedAtOnce) {
    const some = names.slice(start, start + lookedAtOnce).map((name) => entryBytes(path.join(directory, name)));
    bytes += (await Promise.all(some)).reduce((sum, one) => sum + one, 0);
  }
  return bytes;
}

async function entryBytes(entry: string): Promise<number> {
  const found = await lstat(entry).catch(() => undefined);
  if (found?.isDirectory()) return treeBytes(entry);
  return found?.isFile() ? found.size : 0;
}

/** Files of at least so many bytes below a directory of a tree, by their names in the tree; links are not followed. */
export async function filesOfAtLeast(tree: string, below: string, bytesMin: number): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(path.join(tree, below), { withFileTypes: true })) {
    const name = path.join(below, entry.name);
    if (entry.isDirectory()) files.push(...(await filesOfAtLeast(tree, name, bytesMin)));
    else if (entry.isFile() && (await lstat(path.join(tree, name))).size >= bytesMin) files.push(name);
  }
  return files;
}

/** Files and directories below a directory, not following links; throws where one cannot be read, or when the signal is aborted. */
export async function countEntries(directory: string, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  const entries = await readdir(directory, { withFileTypes: true });
  let count = entries.length;
  for (const entry of entries) {
    if (entry.isDirectory()) count += await countEntries(path.join(directory, entry.name), signal);
  }
  return count;
}
