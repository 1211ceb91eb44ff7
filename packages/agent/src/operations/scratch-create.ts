import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { nowMicros } from '../system/clock.ts';
import { ensureDirectory, identityOf, kindOf, makeDirectory } from '../system/directory-tree.ts';
import { isMountPoint } from '../system/filesystem.ts';
import { lookUpUser } from '../system/users.ts';
import { executeOk } from './execute.ts';
import type { Host } from './handler.ts';
import { scratchUser, type ScratchPlace } from './scratch-place.ts';
import { readRecord, writeRecord, type OwnedDirectory, type ScratchRecord } from './scratch-record.ts';

/**
 * Makes the plan's directories: the outer one by the agent, everything inside by the scratch user itself, so that the agent
 * never writes, as root, where somebody else can plant a link. The record is written before anything exists.
 */
export async function createScratch(
  host: Host,
  place: ScratchPlace,
  tablespaces: readonly string[],
  signal: AbortSignal,
) {
  await refuseUnsafe(host, place);
  const user = scratchUser(host);
  const owner = await lookUpUser(user);
  await ensureDirectory(path.dirname(place.records));
  await ensureDirectory(place.records);
  const record: ScratchRecord = {
    server: host.serverName,
    plan: place.plan,
    directory: { path: place.directory, device: null, inode: null },
    socket: place.socketOutside ? { path: place.socket, device: null, inode: null } : null,
    createdAt: nowMicros(),
  };
  await writeRecord(place, record);
  const directory = await makeOwned(place.directory, owner);
  const socket = place.socketOutside ? await makeOwned(place.socket, owner) : null;
  await writeRecord(place, { ...record, directory, socket });
  const inside = [
    place.pgdata,
    place.tablespaces,
    ...tablespaces.map((name) => tablespaceDirectory(place, name)),
    place.configuration,
    place.waldump,
    place.temporary,
    ...(place.socketOutside ? [] : [place.socket]),
  ];
  await executeOk(
    { argv: ['/usr/bin/install', '-d', '-m', '0700', '--', ...inside], user, timeoutMs: 30_000 },
    signal,
    'location-unsafe',
  );
}

/** A tablespace's name may hold anything but a slash would leave the directory: such names are refused. */
export function tablespaceDirectory(place: ScratchPlace, name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.$-]*$/.test(name)) return path.join(place.tablespaces, name);
  throw new ProblemError('unsupported-backup', `cannot relocate the tablespace ${JSON.stringify(name)}`, {
    next: 'tablespace names of letters, digits and _ . $ - are supported',
  });
}

async function makeOwned(directory: string, owner: { uid: number; gid: number }): Promise<OwnedDirectory> {
  await makeDirectory(directory, { mode: 0o700, owner });
  const found = await identityOf(directory);
  if (!found) throw new Error(`cannot find ${directory}, which was just made`);
  return { path: directory, device: found.device, inode: found.inode };
}

/** Refuses every place that is, or could be turned into, something else than a new directory of ours (T8, X-checks). */
async function refuseUnsafe(host: Host, place: ScratchPlace): Promise<void> {
  if (await readRecord(place)) {
    throw new ProblemError('scratch-exists', `plan ${place.plan} has a scratch directory already`, {
      next: 'run scratch-discard for this plan first',
    });
  }
  for (const target of [place.directory, ...(place.socketOutside ? [place.socket] : [])]) {
    const kind = await kindOf(target);
    if (kind === 'absent') continue;
    throw new ProblemError('scratch-exists', `${target} exists already (${kind}) and the agent did not make it`, {
      next: 'look at it and remove it by hand if it is not needed',
    });
  }
  if (await isMountPoint(place.directory)) throw unsafe(place.directory, 'a filesystem is mounted there');
  await refuseLive(host, place);
  await refuseForeignParents(host, place.parent);
}

/** The parent must not be, or lie in, the live data directory: compared by device and inode, not by name. */
async function refuseLive(host: Host, place: ScratchPlace): Promise<void> {
  const live = await identityOf(host.server.postgres.dataDirectory);
  if (!live) return;
  for (const one of ancestors(place.parent)) {
    const found = await identityOf(one);
    if (found && found.device === live.device && found.inode === live.inode) {
      throw unsafe(place.directory, 'it lies in the live data directory');
    }
  }
}

async function refuseForeignParents(host: Host, parent: string): Promise<void> {
  const users = [null, scratchUser(host), host.server.postgres.user ?? null];
  const trusted = new Set([0, ...(await Promise.all(users.map(async (name) => (await lookUpUser(name)).uid)))]);
  for (const one of ancestors(parent)) {
    const found = await identityOf(one);
    if (!found) throw unsafe(parent, `${one} does not exist`);
    if ((await kindOf(one)) !== 'directory') throw unsafe(parent, `${one} is not a directory`);
    const writableByOthers = (found.mode & 0o022) !== 0 && (found.mode & 0o1000) === 0;
    if (writableByOthers) throw unsafe(parent, `${one} is writable by others (mode ${found.mode.toString(8)})`);
    if (one === parent && !trusted.has(found.uid)) throw unsafe(parent, `it belongs to user id ${found.uid}`);
  }
}

function ancestors(directory: string): string[] {
  const parent = path.dirname(directory);
  return parent === directory ? [directory] : [directory, ...ancestors(parent)];
}

function unsafe(directory: string, reason: string): ProblemError {
  return new ProblemError('location-unsafe', `cannot make a scratch directory at ${directory}: ${reason}`, {
    next: "correct scratch.directory in the agent's configuration, or the directory itself",
  });
}
