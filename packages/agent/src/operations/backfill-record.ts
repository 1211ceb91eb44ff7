import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { removeFile } from '../system/look-at-file.ts';
import type { Host } from './handler.ts';

/** From now on Barman's files are fewer than those of the mirror: sending them would delete what is only there. */
export async function beginBackfill(host: Host, plan: string): Promise<void> {
  await ensureDirectory(path.dirname(file(host)));
  await writeAtomic(file(host), JSON.stringify({ plan }));
}

export async function endBackfill(host: Host): Promise<void> {
  await removeFile(file(host));
}

/** Throws while Barman has not got back everything that the mirror holds. */
export async function requireFilled(host: Host): Promise<void> {
  if ((await readIfExists(file(host))) === undefined) return;
  throw new ProblemError('mirror-refused', `not everything that the mirror of ${host.serverName} holds is back here`, {
    next: 'Let the run that restores from the mirror end: it fetches the rest. Sending what is here would delete on the box what only the box has.',
  });
}

function file(host: Host): string {
  return path.join(host.config.stateDirectory, 'mirrors', `${host.serverName}.backfill.json`);
}
