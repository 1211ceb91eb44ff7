import { createHash } from 'node:crypto';
import { openRegular } from '../system/open-file.ts';

const chunkBytes = 1024 * 1024;

/** Size and SHA-256 of a regular file, never of what a link leads to. */
export async function fileDigest(file: string): Promise<{ bytes: number; sha256: string }> {
  const opened = await openRegular(file);
  if (!opened) throw new Error(`cannot read ${file}`);
  try {
    const hash = createHash('sha256');
    for (let at = 0; at < opened.size; at += chunkBytes) hash.update(await opened.read(at, chunkBytes));
    return { bytes: opened.size, sha256: hash.digest('hex') };
  } finally {
    await opened.close();
  }
}
