import { open, readlink, realpath, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/** Where a symbolic link points, as an absolute path; undefined when the path is none. */
export async function linkTarget(file: string): Promise<string | undefined> {
  return readlink(file).then(
    (target) => path.resolve(path.dirname(file), target),
    () => undefined,
  );
}

/** The path with every symbolic link followed; undefined when nothing is there. */
export async function realPath(file: string): Promise<string | undefined> {
  return realpath(file).catch(() => undefined);
}

/** The first bytes of a file: they tell how it is compressed. */
export async function firstBytes(file: string, count: number): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Removes a file; an absent one is no error. */
export async function removeFile(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** Whether both paths lead, links followed, to one file or directory; false when one of them does not exist. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  try {
    const [first, second] = await Promise.all([stat(one, { bigint: true }), stat(other, { bigint: true })]);
    return first.dev === second.dev && first.ino === second.ino;
  } catch {
    return false;
  }
}
