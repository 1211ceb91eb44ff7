import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { identityOf, kindOf } from '../system/directory-tree.ts';
import { isMountPoint } from '../system/filesystem.ts';
import { realPath } from '../system/look-at-file.ts';
import { lookUpUser } from '../system/users.ts';
import type { Host } from './handler.ts';
import { scratchUser } from './scratch-place.ts';
import { livePlaces } from './space-guard.ts';

/** Refuses every place that is, or could be turned into, something else than a new directory of ours (T8). */
export async function requireNewPlace(host: Host, directory: string): Promise<void> {
  const kind = await kindOf(directory);
  if (kind !== 'absent') {
    throw new ProblemError('scratch-exists', `${directory} exists already (${kind}) and the agent did not make it`, {
      next: 'look at it and remove it by hand if it is not needed',
    });
  }
  if (await isMountPoint(directory)) throw unsafe(directory, 'a filesystem is mounted there');
  await refuseLive(host, directory);
  await refuseForeignParents(host, directory);
}

/** The parent must not be, or lie in, a directory of live: compared by device and inode, not by name. */
async function refuseLive(host: Host, directory: string): Promise<void> {
  const owned = [{ role: 'data', path: host.server.postgres.dataDirectory }, ...(await livePlaces(host))];
  const live = new Map<string, string>();
  for (const place of owned) {
    const real = await realPath(place.path);
    const found = real === undefined ? undefined : await identityOf(real);
    if (found) live.set(`${found.device} ${found.inode}`, place.role);
  }
  for (const one of ancestors(path.dirname(directory))) {
    const found = await identityOf(one);
    const role = found && live.get(`${found.device} ${found.inode}`);
    if (role !== undefined) throw unsafe(directory, `it lies in the live ${role === 'data' ? 'data directory' : role}`);
  }
}

async function refuseForeignParents(host: Host, directory: string): Promise<void> {
  const parent = path.dirname(directory);
  const users = [null, scratchUser(host), host.server.postgres.user ?? null];
  const trusted = new Set([0, ...(await Promise.all(users.map(async (name) => (await lookUpUser(name)).uid)))]);
  for (const one of ancestors(parent)) {
    const found = await identityOf(one);
    if (!found) throw unsafe(directory, `${one} does not exist`);
    if ((await kindOf(one)) !== 'directory') throw unsafe(directory, `${one} is not a directory`);
    const writableByOthers = (found.mode & 0o022) !== 0 && (found.mode & 0o1000) === 0;
    if (writableByOthers) throw unsafe(directory, `${one} is writable by others (mode ${found.mode.toString(8)})`);
    if (one === parent && !trusted.has(found.uid)) throw unsafe(directory, `${one} belongs to user id ${found.uid}`);
  }
}

function ancestors(directory: string): string[] {
  const parent = path.dirname(directory);
  return parent === directory ? [directory] : [directory, ...ancestors(parent)];
}

export function unsafe(directory: string, reason: string): ProblemError {
  return new ProblemError('location-unsafe', `cannot make a directory at ${directory}: ${reason}`, {
    next: "correct the directory itself, or scratch.directory in the agent's configuration",
  });
}
