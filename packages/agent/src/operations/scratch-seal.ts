import type { Result } from '@barback/shared/operations/index.ts';
import { requirePlan } from './backup-lease.ts';
import { executeOk } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';
import { holdDirectory, releaseDirectory } from './hold.ts';
import { readRecovered } from './scratch-completion.ts';
import { scratchPlace, type ScratchPlace } from './scratch-place.ts';
import { requireRecord, requireScratch, type ScratchRecord } from './scratch-record.ts';
import { applyContents, decideContents } from './seal-contents.ts';
import { isMoved, moveOut, moveWal, refuseInside } from './seal-move.ts';
import { handOverTrees, sealedTrees, verifyTrees, type SealedTrees } from './seal-ownership.ts';
import { stopPromoted } from './seal-stop.ts';
import { liesAt, readSealed, readSealing, writeSealed, writeSealing, type Sealing } from './sealed-record.ts';

interface SealWork {
  readonly host: Host;
  readonly emptySynchronousNames: boolean;
  readonly place: ScratchPlace;
  readonly call: Call;
}

/**
 * Each part looks at what is there already, so an interrupted seal is simply asked for again. Only metadata is touched: what was
 * recovered and replayed stays where it is.
 */
export const scratchSeal: Handler<'scratch-seal'> = {
  async perform(host, { emptySynchronousNames = false }, call) {
    const place = await requireScratch(host, requirePlan(call));
    const done = await readDone(host, place);
    if (done) return done;
    const work = { host, place, call, emptySynchronousNames };
    const sealing = await leaveScratch(work);
    const record = await requireRecord(place);
    // A seal that was interrupted at its very end has left the hold on, and only then the directory is PostgreSQL's for certain.
    if (sealing.contents) await releaseDirectory(place.next);
    const trees = await sealedTrees(host, record);
    const { contents, ...rest } = await takeOver(work, sealing, trees);
    const files = await verifyTrees(trees, contents.carried, call);
    await holdDirectory(place.next);
    await syncFilesystems(record, call);
    const { carried, synchronousNames: _, ...told } = contents;
    const removed = told.removed.filter((name) => !carried.includes(name));
    const result = { ...rest.control, files, ...told, removed };
    await writeSealed(place, sealedOf(host, record, result));
    return result;
  },

  async observe(host, _params, call) {
    const result = await readDone(host, scratchPlace(host, requirePlan(call)));
    return result ? { is: 'complete', result } : { is: 'absent' };
  },
};

/** Sealed, at the place where it waits or already live's. */
async function readDone(host: Host, place: ScratchPlace): Promise<Result<'scratch-seal'> | undefined> {
  const sealed = await readSealed(place);
  if (!sealed) return undefined;
  const places = [place.next, host.server.postgres.dataDirectory];
  const found = await Promise.all(places.map((one) => liesAt(one, sealed.directory)));
  return found.includes(true) ? sealed.result : undefined;
}

/** Up to the rename that takes the data directory from the scratch user. */
async function leaveScratch({ host, place, call }: SealWork): Promise<Sealing> {
  const record = await requireRecord(place);
  const known = await readSealing(place);
  if (known && (await isMoved(place, record))) return known;
  await refuseInside(place, record);
  const sealing = { control: await stopPromoted(host, place, call), contents: null };
  await moveWal(host, place, record, call);
  await writeSealing(place, sealing);
  await moveOut(host, place);
  return sealing;
}

async function takeOver(
  { host, place, call, emptySynchronousNames }: SealWork,
  { control, contents }: Sealing,
  trees: SealedTrees,
) {
  const bytes = (await readRecovered(place))?.result.bytes ?? null;
  await handOverTrees(trees, contents?.carried ?? [], call, bytes);
  const at = { host, call, directory: place.next, emptySynchronousNames };
  const decided = contents ?? (await decideContents(at));
  await writeSealing(place, { control, contents: decided });
  await applyContents(at, decided);
  return { control, contents: decided };
}

/**
 * One call for each filesystem makes owners, modes, names and what the stop has written survive a power cut. Not the fsync of
 * every file, which is a commit of the journal for each of them: their contents are on disk, because PostgreSQL syncs the whole
 * data directory when it begins to recover a backup (xlog.c, StartupXLOG, SyncDataDirectory) and each checkpoint syncs the rest.
 */
async function syncFilesystems(record: ScratchRecord, call: Call): Promise<void> {
  const roots = [record.sealed, ...record.tablespaces, record.wal].flatMap((one) => (one ? [one.path] : []));
  call.progress('sync', 0, null);
  const argv = ['/usr/bin/sync', '--file-system', '--', ...roots];
  await executeOk({ argv, user: null, timeoutMs: 3_600_000 }, call.signal, 'internal');
}

function sealedOf(host: Host, record: ScratchRecord, result: Result<'scratch-seal'>) {
  const made = (one: { path: string; device: string | null; inode: string | null }) => ({
    path: one.path,
    device: one.device ?? '',
    inode: one.inode ?? '',
  });
  if (record.sealed === null) throw new Error('cannot record a copy that was not moved as sealed');
  return {
    server: host.serverName,
    plan: record.plan,
    directory: made(record.sealed),
    systemIdentifier: result.systemIdentifier,
    timeline: result.timeline,
    tablespaces: record.tablespaces.map((one) => ({ name: one.name, ...made(one) })),
    wal: record.wal && made(record.wal),
    result,
  };
}
