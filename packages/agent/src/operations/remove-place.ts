import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { identityOf, kindOf, listDirectory, removeTree } from '../system/directory-tree.ts';
import { lookUpUser } from '../system/users.ts';
import type { Host } from './handler.ts';

/** Of a tablespace only what PostgreSQL made in it: the directory itself was given by somebody else, or is empty and goes too. */
export async function removePlace(host: Host, place: string): Promise<void> {
  const found = await identityOf(place);
  if (!found) return;
  const { uid } = await lookUpUser(host.server.postgres.user ?? null);
  if (found.uid !== uid || (await kindOf(place)) !== 'directory')
    throw cannotDelete(place, "it is no directory of PostgreSQL's");
  const names = await listDirectory(place);
  const isTablespace = names.every((name) => /^PG_\d+_\d+$/.test(name));
  if (isTablespace) for (const name of names) await removeTree(path.join(place, name));
  else if (
    !names.every((name) =>
      /^([0-9A-F]{24}(\.partial|\.[0-9A-F]{8}\.backup)?|[0-9A-F]{8}\.history|archive_status|summaries)$/.test(name),
    )
  ) {
    throw cannotDelete(place, 'it holds what neither a tablespace nor pg_wal does');
  }
  if (/\.restore-[0-9a-z]{26}$/.test(place) || !isTablespace) await removeTree(place);
}

export function cannotDelete(directory: string, reason: string): ProblemError {
  return new ProblemError('location-unsafe', `cannot delete ${directory}: ${reason}`, {
    next: 'look at it on the host and remove it by hand if it is not needed; live was not touched',
  });
}
