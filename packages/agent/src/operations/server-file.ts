import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { kindOf } from '../system/directory-tree.ts';
import { realPath } from '../system/look-at-file.ts';
import { ParentDirectory } from '../system/parent-directory.ts';
import { lookUpUser, rightsOf } from '../system/users.ts';
import type { Host } from './handler.ts';

/** A configuration file of live's, held so that nobody can put another one in its place while it is changed. */
export interface ServerFile {
  /** One character for each byte: what is put back later is exactly what was there, in whatever encoding. */
  readonly text: string;
  /** With its owner, group and mode. */
  readonly replace: (text: string) => Promise<void>;
}

/**
 * Works with a file that PostgreSQL's user, root or the agent's own user owns, in a directory of one of them. PostgreSQL's user can
 * exchange any directory of its own, so where a symbolic link leads to counts only if that is its own file too.
 */
export async function withServerFile<T>(host: Host, file: string, work: (held: ServerFile) => Promise<T>): Promise<T> {
  const real = await realPath(file);
  if (real === undefined) throw unsafe(file, 'it is not there');
  const parent = await ParentDirectory.open(path.dirname(real)).catch((error: unknown) => {
    throw unsafe(file, `its directory cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
  });
  try {
    return await work(await heldFile(host, file, parent, path.basename(real)));
  } finally {
    await parent.close();
  }
}

/** Writes a file of live's configuration as a whole: with owner and mode of the one that is there, or as PostgreSQL's user has its own. */
export async function placeServerFile(host: Host, file: string, text: string): Promise<void> {
  if ((await kindOf(file)) !== 'absent') return withServerFile(host, file, ({ replace }) => replace(text));
  await withServerDirectory(host, file, async (parent, name) => {
    const { uid, gid } = await lookUpUser(host.server.postgres.user ?? null);
    await parent.replaceFile(name, Buffer.from(text, 'latin1'), { uid, gid, mode: 0o644 });
  });
}

export async function removeServerFile(host: Host, file: string): Promise<void> {
  await withServerDirectory(host, file, (parent, name) => parent.remove(name));
}

async function withServerDirectory(
  host: Host,
  file: string,
  work: (parent: ParentDirectory, name: string) => Promise<void>,
): Promise<void> {
  const parent = await ParentDirectory.open(path.dirname(file)).catch((error: unknown) => {
    throw unsafe(file, `its directory cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
  });
  try {
    await requireOwnDirectory(host, file, parent);
    await work(parent, path.basename(file));
  } finally {
    await parent.close();
  }
}

async function heldFile(host: Host, file: string, parent: ParentDirectory, name: string): Promise<ServerFile> {
  const { server, own } = await requireOwnDirectory(host, file, parent);
  const found = await parent.readFile(name);
  if (!found) throw unsafe(file, 'it is no regular file');
  // Judged by where the open directory is, not by the path: that may be another one by now.
  const isDirect = path.join(await parent.placeNow(), name) === path.normalize(file);
  const owners = isDirect ? [0, own, server] : [server ?? own];
  if (!owners.includes(found.uid)) {
    throw unsafe(file, `it leads to a file of user id ${found.uid}: ${path.join(parent.path, name)}`);
  }
  return {
    text: found.bytes.toString('latin1'),
    replace: (text) => parent.replaceFile(name, Buffer.from(text, 'latin1'), found),
  };
}

async function requireOwnDirectory(host: Host, file: string, parent: ParentDirectory) {
  const server = (await rightsOf(host.server.postgres.user ?? null))?.uid;
  const own = process.geteuid?.() ?? 0;
  const directory = await parent.identity();
  if (![0, own, server].includes(directory.uid)) {
    throw unsafe(file, `user id ${directory.uid} owns its directory and could exchange it`);
  }
  if ((directory.mode & 0o1002) === 0o002) throw unsafe(file, 'everybody may write to its directory');
  return { server, own };
}

function unsafe(file: string, why: string): ProblemError {
  return new ProblemError('location-unsafe', `cannot work with ${file}: ${why}`, {
    next: "nothing was changed; correct postgres.service or postgres.hbaFile in the agent's configuration, with the path that links lead to, or the owner",
    facts: { file },
  });
}
