import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from './files.ts';

/** A regular file in a tree; links are not followed and not listed. */
export interface FileBelow {
  readonly file: string;
  readonly size: number;
  /** Milliseconds since 1970, with fractions. */
  readonly modifiedAt: number;
  readonly inode: string;
}

/** Every regular file below a directory; none when it does not exist, and without those that vanish meanwhile. */
export async function filesBelow(directory: string): Promise<FileBelow[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  const found: FileBelow[] = [];
  for (const entry of entries) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) found.push(...(await filesBelow(file)));
    else if (entry.isFile()) {
      const stats = await lstat(file).catch(() => undefined);
      if (stats) found.push({ file, size: stats.size, modifiedAt: stats.mtimeMs, inode: String(stats.ino) });
    }
  }
  return found;
}
