import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { kindOf, listDirectory } from '../system/directory-tree.ts';
import { filesystemRoom } from '../system/filesystem.ts';
import { linkTarget } from '../system/look-at-file.ts';
import type { Host } from './handler.ts';

const intervalMs = 1_000;

/** A place whose filesystem must keep the floor free. */
export interface GuardedPlace {
  /** `data`, `wal`, `tablespace:NAME`, `barman`, `scratch`, as in host-facts. */
  readonly role: string;
  readonly path: string;
}

/** The live cluster's directories as its data directory names them; none that cannot be read. */
export async function livePlaces(host: Host): Promise<GuardedPlace[]> {
  const { dataDirectory } = host.server.postgres;
  if ((await kindOf(dataDirectory)) !== 'directory') return [];
  const places: GuardedPlace[] = [{ role: 'data', path: dataDirectory }];
  const wal = path.join(dataDirectory, 'pg_wal');
  places.push({ role: 'wal', path: (await linkTarget(wal)) ?? wal });
  const links = path.join(dataDirectory, 'pg_tblspc');
  for (const oid of await listDirectory(links).catch(() => [])) {
    const target = await linkTarget(path.join(links, oid));
    if (target) places.push({ role: `tablespace:${oid}`, path: target });
  }
  return places;
}

/** Throws insufficient-space unless `bytes` more on the scratch filesystem leave the floor everywhere. */
export async function requireRoom(host: Host, scratch: string, bytes: number, live: readonly GuardedPlace[]) {
  const floor = host.server.scratch.freeBytesFloor;
  const target = await filesystemRoom(scratch);
  if (target.freeBytes < bytes + floor) {
    throw new ProblemError(
      'insufficient-space',
      `the copy needs ${bytes} bytes at ${scratch}, ${target.freeBytes} are free and ${floor} must remain`,
      {
        next: 'free space, or set scratch.directory to a filesystem with room',
        facts: { path: scratch, needBytes: bytes, freeBytes: target.freeBytes, floorBytes: floor },
      },
    );
  }
  for (const place of live) await requireFloor(place, floor);
}

async function requireFloor(place: GuardedPlace, floor: number): Promise<void> {
  const room = await filesystemRoom(place.path).catch(() => undefined);
  if (!room || room.freeBytes >= floor) return;
  throw new ProblemError(
    'insufficient-space',
    `${place.path} (${place.role}) has ${room.freeBytes} bytes free, less than the floor of ${floor}`,
    {
      next: 'the work was stopped so that production keeps its room: free space, or lower scratch.freeBytesFloor',
      facts: { role: place.role, path: place.path, freeBytes: room.freeBytes, floorBytes: floor },
    },
  );
}

/**
 * Runs work with a signal that is aborted as soon as a live filesystem falls below the floor: ENOSPC in pg_wal is a PANIC of
 * production, a stopped copy is only a stopped copy (T6).
 */
export async function withSpaceGuard<T>(
  host: Host,
  places: readonly GuardedPlace[],
  signal: AbortSignal,
  work: (guarded: AbortSignal) => Promise<T>,
): Promise<T> {
  const low = new AbortController();
  const done = new AbortController();
  const watching = watch(places, host.server.scratch.freeBytesFloor, low, done.signal);
  try {
    return await work(AbortSignal.any([signal, low.signal]));
  } finally {
    done.abort();
    await watching;
  }
}

async function watch(
  places: readonly GuardedPlace[],
  floor: number,
  low: AbortController,
  done: AbortSignal,
): Promise<void> {
  while (!done.aborted && !low.signal.aborted) {
    try {
      for (const place of places) await requireFloor(place, floor);
    } catch (error) {
      low.abort(error);
    }
    await sleep(intervalMs, undefined, { signal: done }).catch(() => undefined);
  }
}
