import { chmod, chown, lstat, unlink } from 'node:fs/promises';
import type { Server } from 'node:net';
import { once } from 'node:events';
import { hasCode } from './files.ts';
import { lookUpGroup } from './users.ts';

/** Binds a server to a Unix socket that its owner and the group may use (0660), replacing one that a dead process left. */
export async function openSocketFile(server: Server, file: string, group: string | undefined): Promise<void> {
  const gid = group === undefined ? undefined : await lookUpGroup(group);
  const left = await lstat(file).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (left && !left.isSocket()) throw new Error(`cannot listen on ${file}: it exists and is not a socket`);
  if (left) await unlink(file);
  // Nobody else may connect between bind(2) and the change of group.
  const umask = process.umask(0o177);
  try {
    server.listen(file);
    await once(server, 'listening');
  } finally {
    process.umask(umask);
  }
  if (gid !== undefined) await chown(file, process.geteuid?.() ?? 0, gid);
  await chmod(file, 0o660);
}
