import { ProblemError } from '@barback/shared/wire/problem.ts';
import { kindOf, listDirectory, removeTree } from '../system/directory-tree.ts';
import { removeFile } from '../system/look-at-file.ts';
import { requirePlan } from './backup-lease.ts';
import { becameLive } from './became-live.ts';
import { stopCopy } from './copy-process.ts';
import type { Handler, Host } from './handler.ts';
import { scratchPlace, type ScratchPlace } from './scratch-place.ts';
import { directoriesBeside, readRecord, stillOwned, type OwnedDirectory } from './scratch-record.ts';

export const scratchDiscard: Handler<'scratch-discard'> = {
  async perform(host, _params, call) {
    return { existed: await discardScratch(host, requirePlan(call)) };
  },

  async observe(host, _params, call) {
    const record = await readRecord(scratchPlace(host, requirePlan(call)));
    if (!record) return { is: 'complete', result: { existed: true } };
    return { is: 'partial', facts: { directory: record.directory.path } };
  },
};

/** Stops the copy and deletes what the plan's record names, by device and inode; repeating it is harmless. What has become live stays. */
export async function discardScratch(host: Host, plan: string): Promise<boolean> {
  const place = scratchPlace(host, plan);
  const record = await readRecord(place);
  if (!record) return false;
  // The configuration may have changed since: the record says where the copy is.
  const recorded: ScratchPlace = {
    ...place,
    directory: record.directory.path,
    pgdata: `${record.directory.path}/pgdata`,
    next: record.sealed?.path ?? place.next,
  };
  const isLive = await becameLive(host, recorded, record);
  await stopCopy(recorded);
  await removeOwned(record.directory);
  if (record.socket) await removeOwned(record.socket);
  // What production uses by now is not a scratch any more, and the record of the seal stays with it.
  if (!isLive) {
    for (const one of [...directoriesBeside(record), ...(record.sealed ? [record.sealed] : [])]) await removeOwned(one);
    await removeFile(place.sealedFile);
  }
  for (const file of [
    place.recoveredFile,
    place.startedFile,
    place.verifiedFile,
    place.sealingFile,
    place.recordFile,
  ]) {
    await removeFile(file);
  }
  return true;
}

async function removeOwned(directory: OwnedDirectory): Promise<void> {
  const kind = await kindOf(directory.path);
  if (kind !== 'absent' && !(await mayRemove(directory))) {
    throw new ProblemError(
      'location-unsafe',
      `cannot delete ${directory.path}: it is not the directory that the agent made`,
      {
        next: 'somebody replaced it: look at it and remove it by hand',
        facts: { device: directory.device, inode: directory.inode },
      },
    );
  }
  // Also when it is absent: an interrupted removal has renamed it, and the rest is under that name.
  await removeTree(directory.path);
}

/** A crash between making the directory and recording its inode leaves an empty one, and only that is taken for ours. */
async function mayRemove(directory: OwnedDirectory): Promise<boolean> {
  if (directory.inode !== null) return stillOwned(directory);
  return (await kindOf(directory.path)) === 'directory' && (await listDirectory(directory.path)).length === 0;
}
