import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeInodesFloor } from '@barback/shared/operations/room.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { kindOf, listDirectory } from '../system/directory-tree.ts';
import { filesystemRoom } from '../system/filesystem.ts';
import { linkTarget, realPath } from '../system/look-at-file.ts';
import type { Host } from './handler.ts';
import { directoriesBeside, type ScratchRecord } from './scratch-record.ts';

const intervalMs = 1_000;

/** A place whose filesystem must keep the floor free. */
export interface GuardedPlace {
  /** `data`, `wal`, `tablespace:NAME`, `barman`, `scratch`, as in host-facts. */
  readonly role: string;
  readonly path: string;
}

/** The live cluster's directories as its data directory names them; none that cannot be read. */
export async function livePlaces(host: Host): Promise<GuardedPlace[]> {
  // Where the name is a symbolic link, the directory that it leads to is live's.
  const dataDirectory = await realPath(host.server.postgres.dataDirectory);
  if (dataDirectory === undefined || (await kindOf(dataDirectory)) !== 'directory') return [];
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

/** The directories that a copy lies in, for the same guard. */
export function copyPlaces(record: ScratchRecord): GuardedPlace[] {
  return [record.directory, ...directoriesBeside(record)].map((one) => ({ role: 'scratch', path: one.path }));
}

/** Room that something new needs on the filesystem of a directory. */
export interface Need {
  readonly path: string;
  readonly bytes: number;
}

/** Throws insufficient-space unless what is needed on each filesystem leaves the floor there, and live's places have it now. */
export async function requireRoom(host: Host, needs: readonly Need[], live: readonly GuardedPlace[]) {
  const floor = host.server.scratch.freeBytesFloor;
  const byDevice = new Map<string, Need & { readonly freeBytes: number }>();
  for (const need of needs) {
    const { device, freeBytes } = await filesystemRoom(need.path);
    const before = byDevice.get(device);
    byDevice.set(device, { path: before?.path ?? need.path, bytes: (before?.bytes ?? 0) + need.bytes, freeBytes });
  }
  for (const { path: target, bytes, freeBytes } of byDevice.values()) {
    if (freeBytes >= bytes + floor) continue;
    throw new ProblemError(
      'insufficient-space',
      `the copy needs ${bytes} bytes at ${target}, ${freeBytes} are free and ${floor} must remain`,
      {
        next: 'free space, or set scratch.directory to a filesystem with room',
        facts: { path: target, needBytes: bytes, freeBytes, floorBytes: floor },
      },
    );
  }
  for (const place of live) await requireFloor(place, floor);
}

async function requireFloor(place: GuardedPlace, floor: number): Promise<void> {
  const room = await filesystemRoom(place.path).catch(() => undefined);
  if (!room) return;
  if (room.freeInodes !== null && room.freeInodes < freeInodesFloor) throw tooFewInodes(place, room.freeInodes);
  if (room.freeBytes >= floor) return;
  throw new ProblemError(
    'insufficient-space',
    `${place.path} (${place.role}) has ${room.freeBytes} bytes free, less than the floor of ${floor}`,
    {
      next: 'the work was stopped so that production keeps its room: free space, or lower scratch.freeBytesFloor',
      facts: { role: place.role, path: place.path, freeBytes: room.freeBytes, floorBytes: floor },
    },
  );
}

function tooFewInodes({ role, path: place }: GuardedPlace, freeInodes: number): ProblemError {
  return new ProblemError(
    'insufficient-space',
    `${place} (${role}) has ${freeInodes} inodes free, less than the ${freeInodesFloor} that must remain`,
    {
      next: 'the work was stopped so that production can go on making files: remove files there',
      facts: { role, path: place, freeInodes },
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
