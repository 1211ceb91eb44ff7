import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Lab } from '../lab/lab.ts';

/** Takes back what was done to a file. */
export type Mend = () => Promise<void>;

/** Where the archive has a segment or a history file. */
function archived(lab: Lab, name: string): string {
  const home = path.join(lab.barman.home, lab.server, 'wals');
  return name.endsWith('.history') ? path.join(home, name) : path.join(home, name.slice(0, 16), name);
}

/** Moves a file out of the archive. */
export async function remove(lab: Lab, name: string): Promise<Mend> {
  const [from, to] = [archived(lab, name), path.join(lab.dir, `removed-${name}`)];
  await rename(from, to);
  return () => rename(to, from);
}

/** Writes other bytes into an archived file, which stays the same inode of the same owner. */
export async function rewrite(lab: Lab, name: string, change: (bytes: Buffer) => Buffer): Promise<Mend> {
  const file = archived(lab, name);
  const before = await overwrite(file, change);
  return async () => void (await overwrite(file, () => before));
}

/** The same for the content of a segment that is archived with gzip. */
export function rewriteContent(lab: Lab, name: string, change: (bytes: Buffer) => Buffer): Promise<Mend> {
  return rewrite(lab, name, (bytes) => gzipSync(change(gunzipSync(bytes)), { level: 1 }));
}

async function overwrite(file: string, change: (bytes: Buffer) => Buffer): Promise<Buffer> {
  const handle = await open(file, 'r+');
  try {
    const before = await handle.readFile();
    const after = change(Buffer.from(before));
    await handle.truncate(0);
    await handle.write(after, 0, after.length, 0);
    return before;
  } finally {
    await handle.close();
  }
}
