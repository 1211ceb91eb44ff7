import path from 'node:path';
import { parseSegmentName } from '@barback/shared/postgres/segment.ts';
import { listDirectory } from '../system/directory-tree.ts';

/** The number of the oldest segment in `wals/`, whatever its timeline; undefined when nothing is archived. */
export async function oldestArchived(wals: string, segmentBytes: number): Promise<bigint | undefined> {
  const directories = (await listDirectory(wals)).filter((name) => /^[0-9A-F]{16}$/.test(name));
  // The last 8 digits are the high half of the position: only directories of the lowest can hold the oldest segment.
  for (const high of [...new Set(directories.map((name) => name.slice(8)))].toSorted()) {
    const numbers: bigint[] = [];
    for (const directory of directories.filter((name) => name.slice(8) === high)) {
      for (const name of await listDirectory(path.join(wals, directory))) {
        const segment = parseSegmentName(name, segmentBytes);
        if (segment) numbers.push(segment.number);
      }
    }
    if (numbers.length > 0) return numbers.reduce((oldest, one) => (one < oldest ? one : oldest));
  }
  return undefined;
}
