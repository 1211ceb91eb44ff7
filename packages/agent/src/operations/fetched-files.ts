import path from 'node:path';
import type { MirrorManifest } from '../mirror/manifest.ts';
import { hashFiles } from './mirror-hashes.ts';
import type { RsyncWork } from './run-rsync.ts';

const filesAtOnce = 256;

/** Names of files that are not what the manifest says, or not there. Reads them all. */
export async function damagedIn(
  { user, call }: RsyncWork,
  directory: string,
  expected: MirrorManifest['files'],
): Promise<string[]> {
  const damaged: string[] = [];
  const total = expected.reduce((sum, [, bytes]) => sum + bytes, 0);
  for (let start = 0, done = 0; start < expected.length; start += filesAtOnce) {
    const batch = expected.slice(start, start + filesAtOnce);
    call.progress('hashes', done, total);
    const found = await hashFiles(
      user,
      batch.map(([name]) => path.join(directory, name)),
      call,
    );
    for (const [name, bytes, sha256] of batch) {
      if (found.get(path.join(directory, name)) !== sha256) damaged.push(name);
      done += bytes;
    }
  }
  return damaged;
}
