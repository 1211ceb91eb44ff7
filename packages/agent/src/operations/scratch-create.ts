import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { nowMicros } from '../system/clock.ts';
import { ensureDirectory, identityOf, makeDirectory } from '../system/directory-tree.ts';
import { lookUpUser } from '../system/users.ts';
import type { CopyHomes } from './copy-homes.ts';
import { executeOk } from './execute.ts';
import type { Host } from './handler.ts';
import { scratchUser, type ScratchPlace } from './scratch-place.ts';
import { readRecord, writeRecord, type OwnedDirectory, type ScratchRecord } from './scratch-record.ts';
import { requireNewPlace } from './trusted-place.ts';

/**
 * Makes the plan's directories: the outer ones by the agent, everything inside by the scratch user itself, so that the agent
 * never writes, as root, where somebody else can plant a link. The record is written before anything exists.
 */
export async function createScratch(host: Host, place: ScratchPlace, homes: CopyHomes, signal: AbortSignal) {
  await refuseSecond(place);
  const outside = homes.beside ? [...homes.tablespaces.map((one) => one.directory), ...homes.wal] : [];
  for (const directory of [place.directory, ...(place.socketOutside ? [place.socket] : []), ...outside]) {
    await requireNewPlace(host, directory);
  }
  await ensureDirectory(path.dirname(place.records));
  await ensureDirectory(place.records);
  const record = newRecord(host, place, homes);
  await writeRecord(place, record);
  await writeRecord(place, await makeRecorded(host, record));
  const inside = [
    place.pgdata,
    place.tablespaces,
    ...homes.tablespaces.map((one) => one.directory),
    ...homes.wal,
    place.configuration,
    place.waldump,
    place.temporary,
    place.walAhead,
    ...(place.socketOutside ? [] : [place.socket]),
  ];
  await executeOk(
    { argv: ['/usr/bin/install', '-d', '-m', '0700', '--', ...inside], user: scratchUser(host), timeoutMs: 30_000 },
    signal,
    'location-unsafe',
  );
}

function newRecord(host: Host, place: ScratchPlace, homes: CopyHomes): ScratchRecord {
  const unmade = (directory: string) => ({ path: directory, device: null, inode: null });
  return {
    server: host.serverName,
    plan: place.plan,
    directory: unmade(place.directory),
    socket: place.socketOutside ? unmade(place.socket) : null,
    tablespaces: homes.beside ? homes.tablespaces.map(({ name, directory }) => ({ name, ...unmade(directory) })) : [],
    wal: homes.beside && homes.wal[0] !== undefined ? unmade(homes.wal[0]) : null,
    sealed: null,
    createdAt: nowMicros(),
  };
}

async function makeRecorded(host: Host, record: ScratchRecord): Promise<ScratchRecord> {
  const owner = await lookUpUser(scratchUser(host));
  const make = async <D extends OwnedDirectory>(one: D): Promise<D> => {
    await makeDirectory(one.path, { mode: 0o700, owner });
    const found = await identityOf(one.path);
    if (!found) throw new Error(`cannot find ${one.path}, which was just made`);
    return { ...one, device: found.device, inode: found.inode };
  };
  const directory = await make(record.directory);
  const socket = record.socket && (await make(record.socket));
  const tablespaces: ScratchRecord['tablespaces'] = [];
  for (const one of record.tablespaces) tablespaces.push(await make(one));
  return { ...record, directory, socket, tablespaces, wal: record.wal && (await make(record.wal)) };
}

async function refuseSecond(place: ScratchPlace): Promise<void> {
  if (!(await readRecord(place))) return;
  throw new ProblemError('scratch-exists', `plan ${place.plan} has a scratch directory already`, {
    next: 'run scratch-discard for this plan first',
  });
}
