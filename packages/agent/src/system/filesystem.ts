import { lstat, readFile, statfs } from 'node:fs/promises';
import path from 'node:path';

export interface FilesystemRoom {
  readonly device: string;
  readonly totalBytes: number;
  /** What a user without privileges may still write. */
  readonly freeBytes: number;
  /** Null where the filesystem makes inodes as they are needed: statfs(2) then counts 0 of 0. */
  readonly freeInodes: number | null;
}

/** Size and room of the filesystem that holds a path. */
export async function filesystemRoom(file: string): Promise<FilesystemRoom> {
  const [room, found] = await Promise.all([statfs(file), lstat(file, { bigint: true })]);
  return {
    device: String(found.dev),
    totalBytes: room.blocks * room.bsize,
    freeBytes: room.bavail * room.bsize,
    freeInodes: room.files === 0 ? null : room.ffree,
  };
}

/** Whether something is mounted exactly at this path, a bind mount of the same filesystem included. */
export async function isMountPoint(file: string): Promise<boolean> {
  const mounts = mountPointsOf(await readFile('/proc/self/mountinfo', 'utf8'));
  return mounts.has(path.resolve(file));
}

/** The mount points in the text of /proc/PID/mountinfo (proc(5): fifth field, blanks as \040). */
export function mountPointsOf(mountinfo: string): Set<string> {
  const points = mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4])
    .filter((point) => point !== undefined);
  return new Set(points.map((point) => point.replace(/\\([0-7]{3})/g, (_, digits: string) => octal(digits))));
}

function octal(digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 8));
}
