import { lstat, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';

/** Where large temporary files belong: on a disk, not in memory. */
const parent = '/var/tmp';
const staleMs = 3_600_000;

/** A private directory (0700) for this process; removed by `removeTemporary`. */
export async function makeTemporary(prefix: string): Promise<string> {
  return mkdtemp(path.join(parent, prefix));
}

export async function removeTemporary(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}

/** Removes directories of this user with the prefix that a killed process left more than an hour ago. */
export async function removeStaleTemporaries(prefix: string, nowMs: number): Promise<void> {
  const own = process.geteuid?.() ?? 0;
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const directory = path.join(parent, name);
    const found = await lstat(directory).catch(() => undefined);
    if (found?.isDirectory() && found.uid === own && nowMs - found.mtimeMs > staleMs) await removeTemporary(directory);
  }
}

/** Makes a file appear under another name, without copying it. */
export async function linkTo(file: string, name: string): Promise<void> {
  await symlink(file, name);
}
