import path from 'node:path';
import type { Result } from '@barback/shared/operations/index.ts';
import { identityOf, kindOf } from '../system/directory-tree.ts';
import { isMountPoint } from '../system/filesystem.ts';
import { linkTarget, realPath } from '../system/look-at-file.ts';
import type { Host } from './handler.ts';

/** What would be renamed when live is replaced, and what is not where its name says; null when nothing is there. */
export async function dataDirectoryFacts(host: Host): Promise<Result<'host-facts'>['dataDirectory']> {
  const { dataDirectory } = host.server.postgres;
  const real = await realPath(dataDirectory);
  const found = real === undefined ? undefined : await identityOf(real);
  if (real === undefined || !found) return null;
  return {
    path: dataDirectory,
    device: found.device,
    inode: found.inode,
    isMountPoint: await isMountPoint(real),
    hasControl: (await kindOf(path.join(real, 'global', 'pg_control'))) === 'file',
    linkTo: (await linkTarget(dataDirectory)) ?? null,
    walLinkTo: (await linkTarget(path.join(real, 'pg_wal'))) ?? null,
  };
}
