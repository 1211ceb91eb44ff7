import { lstat, readdir } from 'node:fs/promises';
import { hasCode } from './files.ts';

interface Listing {
  readonly modifiedNs: bigint;
  readonly names: readonly string[];
}

const listings = new Map<string, Listing>();
/** A directory changed less than this ago may change again within the same tick of its file system's clock. */
const settledMs = 2_000;

/**
 * Names in a directory that seldom changes, remembered as long as its modification time stays: an archive of 100,000 segments is
 * then looked at without reading its 400 directories again. Unsorted; none when it does not exist.
 */
export async function listRarelyChanging(directory: string): Promise<readonly string[]> {
  try {
    const { mtimeNs, mtimeMs } = await lstat(directory, { bigint: true });
    const known = listings.get(directory);
    if (known?.modifiedNs === mtimeNs) return known.names;
    const names = await readdir(directory);
    if (Date.now() - Number(mtimeMs) > settledMs) listings.set(directory, { modifiedNs: mtimeNs, names });
    else listings.delete(directory);
    return names;
  } catch (error) {
    listings.delete(directory);
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
