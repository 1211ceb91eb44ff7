import { closeSync, constants, fstatSync, openSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { hasCode } from './files.ts';

/** One file, directory or symbolic link of a tree, held open so that it cannot be exchanged while it is looked at. */
export interface TreeEntry {
  /** Below the root; '' for the root itself. */
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link';
  /** Of the open file or directory; that of the directory which holds it for a link. */
  readonly fd: number;
  /** Null for a link: only its owner matters, and that is changed without following it. */
  readonly stats: Stats | null;
  /** The name in its directory, through the open directory. */
  readonly path: string;
  /** What a link says. */
  readonly target: string | null;
}

export interface Root {
  readonly path: string;
  readonly device: string;
  readonly inode: string;
}

const entriesPerTurn = 200;
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Shows everything of a tree to a visitor, directories before what is in them. Names are looked up in the open directory, never
 * through a path that somebody may change (openat(2)), and links are not followed. Synchronous calls, because a tree has
 * hundreds of thousands of entries and each call takes microseconds; the event loop gets its turn in between.
 */
export async function walkTree(
  root: Root,
  signal: AbortSignal,
  visit: (entry: TreeEntry) => void,
): Promise<{ files: number }> {
  const fd = openEntry(root.path, '', openFlags | constants.O_DIRECTORY);
  try {
    const found = fstatSync(fd, { bigint: true });
    if (String(found.dev) !== root.device || String(found.ino) !== root.inode) {
      throw refused(root.path, 'it is not the directory that the agent made');
    }
    return await walkDirectory({
      fd,
      name: '',
      device: Number(found.dev),
      signal,
      visit,
      seen: { files: 0, entries: 0 },
    });
  } finally {
    closeSync(fd);
  }
}

interface Walk {
  readonly fd: number;
  readonly name: string;
  readonly device: number;
  readonly signal: AbortSignal;
  readonly visit: (entry: TreeEntry) => void;
  readonly seen: { files: number; entries: number };
}

async function walkDirectory(walk: Walk): Promise<{ files: number }> {
  const here = `/proc/self/fd/${walk.fd}`;
  walk.visit({ name: walk.name, kind: 'directory', fd: walk.fd, stats: fstatSync(walk.fd), path: here, target: null });
  for (const entry of readdirSync(here, { withFileTypes: true })) {
    walk.seen.entries += 1;
    if (walk.seen.entries % entriesPerTurn === 0) await turn();
    walk.signal.throwIfAborted();
    const name = walk.name === '' ? entry.name : `${walk.name}/${entry.name}`;
    const path = `${here}/${entry.name}`;
    if (entry.isSymbolicLink()) {
      walk.visit({ name, kind: 'link', fd: walk.fd, stats: null, path, target: readlinkSync(path) });
    } else if (entry.isDirectory()) await enter(walk, name, path);
    else if (entry.isFile()) showFile(walk, name, path);
    else throw refused(name, 'it is neither a file nor a directory nor a symbolic link');
  }
  return walk.seen;
}

async function enter(walk: Walk, name: string, path: string): Promise<void> {
  const fd = openEntry(path, name, openFlags | constants.O_DIRECTORY);
  try {
    if (fstatSync(fd).dev !== walk.device) throw refused(name, 'another filesystem is mounted there');
    await walkDirectory({ ...walk, fd, name });
  } finally {
    closeSync(fd);
  }
}

function showFile(walk: Walk, name: string, path: string): void {
  const fd = openEntry(path, name, openFlags);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw refused(name, 'it was exchanged while it was looked at');
    walk.seen.files += 1;
    walk.visit({ name, kind: 'file', fd, stats, path, target: null });
  } finally {
    closeSync(fd);
  }
}

function openEntry(path: string, name: string, flags: number): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    if (hasCode(error, 'ELOOP', 'ENOTDIR', 'ENOENT')) throw refused(name, 'it was exchanged while it was looked at');
    throw error;
  }
}

export function refused(name: string, reason: string): ProblemError {
  return new ProblemError('location-unsafe', `cannot take over the copy: ${name}: ${reason}`, {
    next: "somebody with the rights of the copy's user put it there: find out who, discard the copy and recover again",
    facts: { name },
  });
}
