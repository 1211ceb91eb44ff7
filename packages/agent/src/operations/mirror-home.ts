import path from 'node:path';
import { z } from 'zod';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { workName } from '../mirror/manifest.ts';
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

export type MirrorHomeRecord = z.infer<typeof recordSchema>;

/** Where what is fetched from the mirror lies: a directory as Barman has one for a server; pure names. */
export interface MirrorHome {
  readonly directory: string;
  /** Of that directory, by device and inode: written before it is made. */
  readonly recordFile: string;
}

/** What a plan fetches for itself alone. */
export function homeOfPlan(host: Host, plan: string): MirrorHome {
  const { directory: scratch, records } = scratchPlace(host, plan);
  return {
    directory: scratch.replace(/\.restore-([0-9a-z]{26})$/, '.mirror-$1'),
    recordFile: path.join(records, 'mirror-home.json'),
  };
}

/** What becomes Barman's own: one for a server, so that a plan goes on with what an earlier one has brought. */
export function homeForBarman(host: Host, directoryOfBarman: string): MirrorHome {
  return { directory: `${directoryOfBarman}.from-mirror`, recordFile: recordForBarman(host) };
}

function recordForBarman(host: Host): string {
  return path.join(host.config.stateDirectory, 'mirrors', `${host.serverName}.fetched.json`);
}

/** Of Barman's own files to be; undefined when nothing was fetched. */
export function readHomeForBarman(host: Host): Promise<MirrorHomeRecord | undefined> {
  return readMirrorHome({ recordFile: recordForBarman(host) });
}

/** It lies at its place again, whoever had it meanwhile. */
export async function rememberHomeForBarman(
  host: Host,
  { path: directory, device, inode }: { readonly path: string; readonly device: string; readonly inode: string },
): Promise<void> {
  const record: MirrorHomeRecord = { server: host.serverName, createdAt: nowMicros(), path: directory, device, inode };
  await writeAtomic(recordForBarman(host), JSON.stringify(record));
}

/** It has become Barman's. */
export async function forgetHomeForBarman(host: Host): Promise<void> {
  await removeFile(recordForBarman(host));
}

/** In the directory: what Barback needs there besides Barman's files. */
export function workOf({ directory }: Pick<MirrorHome, 'directory'>) {
  const work = path.join(directory, workName);
  return { directory: work, configuration: path.join(work, 'barman.conf'), list: path.join(work, 'list') };
}

/** Made as Barman's user may fill it. */
export async function makeMirrorHome(host: Host, home: MirrorHome): Promise<void> {
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
}

export async function readMirrorHome({
  recordFile,
}: Pick<MirrorHome, 'recordFile'>): Promise<MirrorHomeRecord | undefined> {
  const text = await readIfExists(recordFile);
  return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
}

/** The same agent with a Barman that knows what was fetched for this plan, and nothing else. */
export async function hostOfMirror(host: Host, plan: string): Promise<Host> {
  const records = [await readMirrorHome(homeOfPlan(host, plan)), await readHomeForBarman(host)];
  for (const record of records) {
    if (record && (await stillOwned(record))) return hostOver(host, record.path);
  }
  throw new ProblemError('no-mirror', `nothing was fetched from the mirror for plan ${plan}`, {
    next: 'the run fetches it before it recovers: make a new plan',
  });
}

/** With a Barman over what lies in a directory. */
export function hostOver(host: Host, directory: string): Host {
  const [program = ''] = host.server.barman.argv;
  const argv = [program, '-c', workOf({ directory }).configuration];
  return { ...host, server: { ...host.server, barman: { ...host.server.barman, argv } } };
}

export async function discardMirrorHome(home: MirrorHome): Promise<boolean> {
  const record = await readMirrorHome(home);
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
  await removeFile(home.recordFile);
  return true;
}
