import { open, stat, utimes } from 'node:fs/promises';

/** Another content of the same size and time (to the millisecond): the byte in the middle is inverted. */
export async function flipByte(file: string): Promise<void> {
  const { atime, mtime, size } = await stat(file);
  if (size === 0) throw new Error(`${file} has no byte to invert`);
  const handle = await open(file, 'r+');
  try {
    const at = Math.floor(size / 2);
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
    await handle.write(Buffer.from([(buffer[0] ?? 0) ^ 0xff]), 0, 1, at);
  } finally {
    await handle.close();
  }
  await utimes(file, atime, mtime);
}
