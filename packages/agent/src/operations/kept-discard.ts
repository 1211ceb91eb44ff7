import { identityOf, kindOf, removeTree, treeBytes } from '../system/directory-tree.ts';
import { removeFile } from '../system/look-at-file.ts';
import { isKnownAgain } from '../system/known-again.ts';
import type { Handler, Host } from './handler.ts';
import { placesOf } from './kept-list.ts';
import { cannotDelete, removePlace } from './remove-place.ts';
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
  if ((await kindOf(keptPath)) !== 'directory' || !(await isKnownAgain(old, found))) {
    throw cannotDelete(keptPath, 'it is not the directory that was set aside');
  }
  const live = await identityOf(host.server.postgres.dataDirectory);
  if (live?.device === found.device && live.inode === found.inode) throw cannotDelete(keptPath, 'it is live');
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
