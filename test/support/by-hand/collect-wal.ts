import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Lab } from '../../lab/lab.ts';
import { asUser, mustRun } from '../../lab/run-command.ts';

const archivedName = /^(?:[0-9A-F]{24}|[0-9A-F]{8}\.history)$/;

/** The user whose files copies made by hand are; undefined: the one who runs the tests. */
export function copyUser(lab: Lab): string | undefined {
  return process.geteuid?.() === 0 ? lab.barman.osUser : undefined;
}

/**
 * Everything that Barman holds, as `restore_command` wants it: `barman get-wal` unpacks what is in the archive, and what is in
 * `streaming/` is copied under the names that PostgreSQL asks for.
 */
export async function collectWal(lab: Lab, directory: string): Promise<void> {
  const user = copyUser(lab);
  await rm(directory, { recursive: true, force: true });
  await mustRun(['install', '-d', '-m', '0700', ...(user === undefined ? [] : ['-o', user]), directory]);
  const home = path.join(lab.barman.home, lab.server);
  for (const file of await readdir(path.join(home, 'wals'), { recursive: true })) {
    const name = path.basename(file);
    if (archivedName.test(name)) await mustRun([...lab.barman.argv, 'get-wal', '-o', directory, lab.server, name]);
  }
  for (const name of await readdir(path.join(home, 'streaming'))) {
    const target = path.join(directory, name.replace(/\.partial$/, ''));
    await mustRun(asUser(user, ['cp', '--no-clobber', path.join(home, 'streaming', name), target]));
  }
}
