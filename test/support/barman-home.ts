import { mkdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import { isStreaming } from '../lab/barman-server.ts';
import { holdCron } from '../lab/hold-cron.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { mustRun } from '../lab/run-command.ts';
import type { Mounts } from './mounts.ts';

/** Puts Barman's home into a filesystem of its own; answers what gives it so many free bytes. */
export async function moveBarmanHome(lab: Lab, mounts: Mounts): Promise<(bytes: number) => Promise<void>> {
  const { home } = lab.barman;
  const place = path.join(lab.dir, 'barman-home');
  await mkdir(place);
  const release = await holdCron(lab);
  try {
    await mustRun([...lab.barman.argv, 'receive-wal', '--stop', 'main']);
    await mounts.mount(['-t', 'tmpfs', '-o', 'size=2g,mode=0755', 'tmpfs'], place);
    await mustRun(['cp', '-a', `${home}/.`, place]);
    await mounts.mount(['--bind', place], home);
  } finally {
    release();
  }
  await poll('Barman streaming again', 60_000, async () => ((await isStreaming(lab.postgres)) ? true : undefined));
  return async (bytes) => {
    const { blocks, bfree, bsize } = await statfs(place);
    await mustRun(['mount', '-o', `remount,size=${(blocks - bfree) * bsize + bytes}`, place]);
  };
}
