import path from 'node:path';
import type { Result } from '@barback/shared/operations/index.ts';
import type { MirrorManifest } from '../mirror/manifest.ts';
import { hashFiles } from './mirror-hashes.ts';
import type { RsyncWork } from './run-rsync.ts';

const filesAtOnce = 256;

type Damage = Result<'mirror-check'>['damaged'][number];

/** Fetched files that are not what was sent, or not there; by name, bytes and SHA-256. Reads them all. */
export async function damagedIn(
  { user, call }: Pick<RsyncWork, 'user' | 'call'>,
  directory: string,
  expected: MirrorManifest['files'],
): Promise<Damage[]> {
  const damaged: Damage[] = [];
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
      const there = found.get(path.join(directory, name));
      if (there !== sha256) damaged.push({ path: name, is: there === undefined ? 'missing' : 'content' });
      done += bytes;
    }
  }
  return damaged;
}
