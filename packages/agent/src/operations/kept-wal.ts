import path from 'node:path';
import { idPattern } from '@barback/shared/wire/identifiers.ts';
import type { ProblemType } from '@barback/shared/wire/problem.ts';
import { listDirectory } from '../system/directory-tree.ts';
import { executeOk } from './execute.ts';
import type { Call, Host } from './handler.ts';

/** Where the WAL of one plan is kept; pure names below Barman's directory of the server. */
export interface KeptWalPlace {
  /** Files copied from live's pg_wal. */
  readonly directory: string;
  /** Copies that are not complete yet. */
  readonly copying: string;
  /** What was taken out of `streaming/`. */
  readonly streaming: string;
  /** What came into `streaming/` afterwards, from a life of live that was given up. */
  readonly givenUp: string;
  /** `streaming` on its way back. */
  readonly returning: string;
}

/** Barman's directory of the server has one for all kept WAL. */
interface KeptParent {
  readonly wal: { readonly kept: string };
}

export function keptWalPlace({ wal }: KeptParent, plan: string): KeptWalPlace {
  return keptIn(path.join(wal.kept, plan));
}

function keptIn(directory: string): KeptWalPlace {
  return {
    directory,
    copying: path.join(directory, 'copying'),
    streaming: path.join(directory, 'streaming'),
    givenUp: path.join(directory, 'given-up'),
    returning: path.join(directory, 'returning'),
  };
}

/** Every directory with kept WAL, of whatever plan. */
export async function keptDirectories(kept: string): Promise<string[]> {
  const directories: string[] = [];
  for (const plan of await listDirectory(kept)) {
    if (!idPattern.test(plan)) continue;
    const inside = keptIn(path.join(kept, plan));
    directories.push(inside.directory, inside.streaming, inside.givenUp, inside.returning);
  }
  return directories;
}

const limitMs = 10 * 60_000;

/** Runs a program on Barman's files as Barman's user: root writes nothing into a directory that another user can replace by a link. */
export async function asBarman(
  host: Host,
  argv: readonly string[],
  call: Call,
  type: ProblemType = 'barman-failed',
): Promise<void> {
  await executeOk({ argv, user: host.server.barman.user ?? null, timeoutMs: limitMs }, call.signal, type);
}

/** With those above it, which hold the same: for Barman's user alone. */
export async function makeKeptDirectory(
  host: Host,
  { directory }: KeptWalPlace,
  inside: string,
  call: Call,
): Promise<void> {
  const all = [path.dirname(directory), directory, inside];
  await asBarman(host, ['/usr/bin/mkdir', '-p', '-m', '700', '--', ...all], call);
}
