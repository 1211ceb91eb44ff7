import path from 'node:path';
import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Params } from '@barback/shared/operations/index.ts';
import { replayedWalBytesMax } from '@barback/shared/operations/room.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Diagnosis } from '../barman/diagnose.ts';
import { besideName } from '../postgres/beside-name.ts';
import { identityOf, targetIdentity, treeBytes } from '../system/directory-tree.ts';
import { linkTarget, realPath } from '../system/look-at-file.ts';
import type { Host } from './handler.ts';
import type { ScratchPlace } from './scratch-place.ts';
import type { Need } from './space-guard.ts';
import { unsafe } from './trusted-place.ts';

/** Where the parts of a copy go that are not in its data directory. */
export interface CopyHomes {
  /** Outside the scratch directory, each on the filesystem of what it will replace. */
  readonly beside: boolean;
  readonly tablespaces: readonly { readonly name: string; readonly directory: string; readonly bytes: number }[];
  /** Of pg_wal: one where live's is a symbolic link, otherwise none. */
  readonly wal: readonly string[];
}

type RecoverParams = Pick<Params<'scratch-recover'>, 'backupId' | 'tablespaceHome'>;

export async function copyHomes(
  host: Host,
  place: ScratchPlace,
  { backup, diagnosis, params }: { backup: Backup; diagnosis: Diagnosis; params: RecoverParams },
): Promise<CopyHomes> {
  const beside = params.tablespaceHome === 'beside';
  const stored = path.join(diagnosis.config.basebackups_directory, params.backupId);
  const tablespaces = await Promise.all(
    backup.tablespaces.map(async ({ name, oid, location }) => ({
      name: plainName(name),
      directory: beside ? await besideHome(location, place.plan) : path.join(place.tablespaces, name),
      // Barman keeps each tablespace in a directory of its own, named by its oid (3.4.0, recovery_executor.py).
      bytes: beside ? await treeBytes(path.join(stored, String(oid))) : 0,
    })),
  );
  const wal = beside ? await liveWalLink(host) : undefined;
  return { beside, tablespaces, wal: wal === undefined ? [] : [await besideHome(wal, place.plan)] };
}

/** A tablespace's name may hold anything; a slash would leave the directory and a colon is Barman's: such names are refused. */
function plainName(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.$-]*$/.test(name)) return name;
  throw new ProblemError('unsupported-backup', `cannot relocate the tablespace ${JSON.stringify(name)}`, {
    next: 'tablespace names of letters, digits and _ . $ - are supported',
  });
}

/** Where a directory is mounted at its very name, one beside it would fill another filesystem, the root's as a rule. */
async function besideHome(location: string, plan: string): Promise<string> {
  if (!path.isAbsolute(location) || path.normalize(location) !== location) {
    throw new ProblemError('unsupported-backup', `cannot make a directory beside the tablespace at ${location}`, {
      next: 'tablespaces with a location of their own are supported, those in the data directory are not',
    });
  }
  const directory = besideName(location, plan);
  const there = await targetIdentity(location);
  const parent = await identityOf(path.dirname(location));
  if (there && parent && there.device !== parent.device) {
    throw unsafe(
      directory,
      `${location} is a filesystem of its own, and a directory beside it would lie on another one`,
    );
  }
  return directory;
}

async function liveWalLink(host: Host): Promise<string | undefined> {
  const real = await realPath(host.server.postgres.dataDirectory);
  return real === undefined ? undefined : linkTarget(path.join(real, 'pg_wal'));
}

/** What a copy needs on the filesystem of each of its homes. */
export function roomNeeded(place: ScratchPlace, homes: CopyHomes, expectBytes: number, walBytes: number): Need[] {
  // PostgreSQL keeps fetched segments in its own pg_wal too, up to max_wal_size.
  const replayBytes = Math.min(walBytes, replayedWalBytesMax);
  const elsewhere = homes.tablespaces.reduce((sum, one) => sum + one.bytes, 0);
  const outside = homes.beside ? homes.tablespaces : [];
  return [
    { path: place.parent, bytes: Math.max(0, expectBytes - elsewhere) + walBytes + replayBytes },
    ...outside.map(({ directory, bytes }) => ({ path: path.dirname(directory), bytes })),
    ...homes.wal.map((directory) => ({ path: path.dirname(directory), bytes: replayBytes })),
  ];
}
