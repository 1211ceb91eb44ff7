import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { ensureDirectory, identityOf, makeDirectory, removeTree, renameDurable } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { removeFile } from '../system/look-at-file.ts';
import { lookUpUser } from '../system/users.ts';
import { readControlData } from './control-data.ts';
import { stopCopy } from './copy-process.ts';
import type { Call, Host } from './handler.ts';
import { requireRecovered, writeRecovered, type Recovered } from './scratch-completion.ts';
import { scratchPlace, scratchUser, type ScratchPlace } from './scratch-place.ts';
import { readRecord, requireScratch, stillOwned, writeRecord, type ScratchRecord } from './scratch-record.ts';
import { requireNewPlace } from './trusted-place.ts';

/**
 * Makes the scratch of one plan that of another: records first, then one rename, then the former records go. Whatever was reached when
 * it was interrupted, the same call goes on from there, and a discard of the new plan finds what is its own.
 */
export async function takeOverScratch(
  host: Host,
  { from, to }: { readonly from: string; readonly to: string },
  call: Call,
  accept: (copy: Recovered) => void,
): Promise<ScratchPlace> {
  const place = scratchPlace(host, to);
  const former = scratchPlace(host, from);
  const record = await readRecord(place);
  if (!record || !(await stillOwned(record.directory))) {
    const copy = await requirePaused(host, from, call);
    accept(copy);
    await rename(host, former, place, copy);
  }
  await forget(former);
  return place;
}

/** Stopped in the middle of recovery: one that was promoted has a timeline of its own and can go no further. */
async function requirePaused(host: Host, from: string, call: Call): Promise<Recovered> {
  const former = await requireScratch(host, from).catch((error: unknown) => {
    throw error instanceof ProblemError ? gone(from, error.problem.detail) : error;
  });
  const copy = await requireRecovered(former);
  await stopCopy(former);
  const { state } = await readControlData(host, former.pgdata, scratchUser(host), call.signal);
  if (state === 'shut down in recovery' || state === 'in archive recovery') return copy;
  throw gone(from, `it is not in recovery any more: ${state}`);
}

function gone(from: string, why: string): ProblemError {
  return new ProblemError('copy-not-open', `the copy of plan ${from} cannot be taken over: ${why}`, {
    next: 'make a plan without "adopt": it makes a copy of its own',
  });
}

async function rename(host: Host, former: ScratchPlace, place: ScratchPlace, copy: Recovered): Promise<void> {
  const record = await readRecord(former);
  if (!record) throw new Error(`cannot find the record of plan ${former.plan}, which was just read`);
  await requireNewPlace(host, place.directory);
  await ensureDirectory(path.dirname(place.records));
  await ensureDirectory(place.records);
  await writeRecovered(place, copy);
  const verified = await readIfExists(former.verifiedFile);
  if (verified !== undefined) await writeAtomic(place.verifiedFile, verified);
  const { device, inode } = record.directory;
  const socket = place.socketOutside ? await makeSocket(host, place) : null;
  const directory = { path: place.directory, device, inode };
  await writeRecord(place, { ...record, plan: place.plan, directory, socket } satisfies ScratchRecord);
  await renameDurable(former.directory, place.directory);
}

/** One that an interrupted try has made is kept. */
async function makeSocket(host: Host, place: ScratchPlace): Promise<ScratchRecord['socket']> {
  const earlier = (await readRecord(place))?.socket;
  if (earlier && (await stillOwned(earlier))) return earlier;
  await requireNewPlace(host, place.socket);
  await makeDirectory(place.socket, { mode: 0o700, owner: await lookUpUser(scratchUser(host)) });
  const made = await identityOf(place.socket);
  if (!made) throw new Error(`cannot find ${place.socket}, which was just made`);
  return { path: place.socket, device: made.device, inode: made.inode };
}

/** The record goes first: whoever discards the former plan finds nothing of it. */
async function forget(former: ScratchPlace): Promise<void> {
  const record = await readRecord(former);
  if (!record) return;
  await removeFile(former.recordFile);
  if (record.socket && (await stillOwned(record.socket))) await removeTree(record.socket.path);
  for (const file of [former.recoveredFile, former.startedFile, former.verifiedFile]) await removeFile(file);
}
