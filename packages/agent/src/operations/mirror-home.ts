import path from 'node:path';
import { z } from 'zod';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { nowMicros } from '../system/clock.ts';
import { identityOf, makeDirectory, removeTree, ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { removeFile } from '../system/look-at-file.ts';
import { lookUpUser } from '../system/users.ts';
import type { Host } from './handler.ts';
import { mirrorUser } from './mirror-place.ts';
import { scratchPlace } from './scratch-place.ts';
import { stillOwned } from './scratch-record.ts';
import { requireNewPlace } from './trusted-place.ts';

const recordSchema = z.strictObject({
  server: z.string(),
  /** Microseconds since 1970. */
  createdAt: z.int(),
  path: z.string(),
  device: z.string().nullable(),
  inode: z.string().nullable(),
});

type MirrorHomeRecord = z.infer<typeof recordSchema>;

/** Where what a plan fetches from the mirror lies; pure names. */
export interface MirrorHome {
  readonly directory: string;
  /** barman_home. */
  readonly home: string;
  readonly configuration: string;
  readonly recordFile: string;
}

function mirrorHome(host: Host, plan: string): MirrorHome {
  const { directory: scratch, records } = scratchPlace(host, plan);
  const directory = scratch.replace(/\.restore-([0-9a-z]{26})$/, '.mirror-$1');
  return {
    directory,
    home: path.join(directory, 'home'),
    configuration: path.join(directory, 'barman.conf'),
    recordFile: path.join(records, 'mirror-home.json'),
  };
}

/** Written down before it is made, like a scratch directory. */
export async function makeMirrorHome(host: Host, plan: string): Promise<MirrorHome> {
  const home = mirrorHome(host, plan);
  await requireNewPlace(host, home.directory);
  await ensureDirectory(path.dirname(path.dirname(home.recordFile)));
  await ensureDirectory(path.dirname(home.recordFile));
  const about = { server: host.serverName, createdAt: nowMicros(), path: home.directory };
  const record: MirrorHomeRecord = { ...about, device: null, inode: null };
  await writeAtomic(home.recordFile, JSON.stringify(record));
  await makeDirectory(home.directory, { mode: 0o700, owner: await lookUpUser(mirrorUser(host)) });
  const found = await identityOf(home.directory);
  if (!found) throw new Error(`cannot find ${home.directory}, which was just made`);
  const made: MirrorHomeRecord = { ...about, device: found.device, inode: found.inode };
  await writeAtomic(home.recordFile, JSON.stringify(made));
  return home;
}

export async function readMirrorHome(host: Host, plan: string): Promise<MirrorHomeRecord | undefined> {
  const text = await readIfExists(mirrorHome(host, plan).recordFile);
  return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
}

/** The same agent with a Barman that knows what was fetched for this plan, and nothing else. */
export async function hostOfMirror(host: Host, plan: string): Promise<Host> {
  const record = await readMirrorHome(host, plan);
  if (!record || !(await stillOwned(record))) {
    throw new ProblemError('no-mirror', `nothing was fetched from the mirror for plan ${plan}`, {
      next: 'the run fetches it before it recovers: plan the drill again',
    });
  }
  const [program = ''] = host.server.barman.argv;
  const argv = [program, '-c', mirrorHome(host, plan).configuration];
  return { ...host, server: { ...host.server, barman: { ...host.server.barman, argv } } };
}

export async function discardMirrorHome(host: Host, plan: string): Promise<boolean> {
  const record = await readMirrorHome(host, plan);
  if (!record) return false;
  const isOurs = record.inode === null || (await identityOf(record.path)) === undefined || (await stillOwned(record));
  if (!isOurs) {
    throw new ProblemError(
      'location-unsafe',
      `cannot delete ${record.path}: it is not the directory that the agent made`,
      {
        next: 'somebody replaced it: look at it and remove it by hand',
      },
    );
  }
  await removeTree(record.path);
  await removeFile(mirrorHome(host, plan).recordFile);
  return true;
}
