import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { identityOf, kindOf, listDirectory, removeTree, treeBytes } from '../system/directory-tree.ts';
import { removeFile } from '../system/look-at-file.ts';
import { lookUpUser } from '../system/users.ts';
import type { Handler, Host } from './handler.ts';
import { placesOf } from './kept-list.ts';
import { requireStopped } from './require-stopped.ts';
import { removeStateText } from './state-text.ts';
import { readSwap, swapFile, type SwapRecord } from './swap-record.ts';

export const keptDiscard: Handler<'kept-discard'> = {
  async perform(host, { plan }) {
    const record = await readSwap(host, plan);
    if (record?.state !== 'done' || record.old === null) return { existed: false, bytes: 0 };
    const existed = await isThere(host, record);
    const bytes = existed ? await discard(host, record) : 0;
    await removeTree(record.keptPath);
    await removeStateText(record);
    await removeFile(swapFile(host, plan));
    return { existed, bytes };
  },

  async observe(host, { plan }) {
    const record = await readSwap(host, plan);
    if (record) return { is: 'partial', facts: { directory: record.keptPath } };
    return { is: 'complete', result: { existed: true, bytes: 0 } };
  },
};

async function isThere(host: Host, { keptPath, old }: SwapRecord): Promise<boolean> {
  const found = await identityOf(keptPath);
  if (!found) return false;
  if ((await kindOf(keptPath)) !== 'directory' || found.device !== old?.device || found.inode !== old.inode) {
    throw refused(keptPath, 'it is not the directory that was set aside');
  }
  const live = await identityOf(host.server.postgres.dataDirectory);
  if (live?.device === found.device && live.inode === found.inode) throw refused(keptPath, 'it is live');
  await requireStopped(keptPath);
  return true;
}

/** First what its links lead to: without the directory nobody would know of it any more. */
async function discard(host: Host, { keptPath }: SwapRecord): Promise<number> {
  const inUse = new Set(await placesOf(host.server.postgres.dataDirectory));
  let bytes = await treeBytes(keptPath);
  for (const place of await placesOf(keptPath)) {
    if (inUse.has(place)) continue;
    bytes += await treeBytes(place);
    await removePlace(host, place);
  }
  return bytes;
}

/** Of a tablespace only what PostgreSQL made in it: the directory itself was given by somebody else, or is empty and goes too. */
async function removePlace(host: Host, place: string): Promise<void> {
  const found = await identityOf(place);
  if (!found) return;
  const { uid } = await lookUpUser(host.server.postgres.user ?? null);
  if (found.uid !== uid || (await kindOf(place)) !== 'directory')
    throw refused(place, "it is no directory of PostgreSQL's");
  const names = await listDirectory(place);
  const isTablespace = names.every((name) => /^PG_\d+_\d+$/.test(name));
  if (isTablespace) for (const name of names) await removeTree(path.join(place, name));
  else if (
    !names.every((name) =>
      /^([0-9A-F]{24}(\.partial|\.[0-9A-F]{8}\.backup)?|[0-9A-F]{8}\.history|archive_status|summaries)$/.test(name),
    )
  ) {
    throw refused(place, 'it holds what neither a tablespace nor pg_wal does');
  }
  if (/\.restore-[0-9a-z]{26}$/.test(place) || !isTablespace) await removeTree(place);
}

function refused(directory: string, reason: string): ProblemError {
  return new ProblemError('location-unsafe', `cannot delete ${directory}: ${reason}`, {
    next: 'look at it on the host and remove it by hand if it is not needed; live was not touched',
  });
}
