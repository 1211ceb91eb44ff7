import { freemem } from 'node:os';
import path from 'node:path';
import type { Backup } from '@barback/shared/operations/backup.ts';
import { filesOfAtLeast } from '../system/directory-tree.ts';
import type { Program } from '../system/program.ts';
import type { CopyHomes } from './copy-homes.ts';
import { execute, failure } from './execute.ts';
import type { Call } from './handler.ts';
import { inParallel } from './in-parallel.ts';
import type { ScratchPlace } from './scratch-place.ts';

/** Before Barman, files smaller than this are left to it: rsync is as fast with them, and a cluster may have a million. */
const smallestBytes = 256 * 1024;

/** Up to here the copy is done, or nearly, when Barman begins to copy: it takes a third of a second until then. */
const besideBytesMax = 512 * 1024 * 1024;

interface Tree {
  readonly stored: string;
  readonly copy: string;
  /** Where its files of tables and indexes are. */
  readonly below: string;
}

interface AheadRequest {
  readonly backup: Backup;
  /** Barman's directory of the backup. */
  readonly stored: string;
  readonly place: ScratchPlace;
  readonly homes: CopyHomes;
  readonly bandwidthKBps: number | null;
  readonly user: string | null;
}

/**
 * Copies the files of tables and indexes within the kernel: those of a small backup while `barman recover` starts, the large ones of
 * a larger backup before it. What lies there when it looks it compares by checksum and sends again where it differs (3.4.0 and 3.13.3,
 * copy_controller.py: everything is checked without a safe horizon), what comes later it writes itself, so that Barman remains what makes
 * the copy. A file that it has begun is left to it, and one that both write gets the same bytes from both. A pipe between two rsync on one
 * host costs more than the copy and the comparison.
 *
 * Comparing reads both again: only where memory holds them. What fails here is Barman's to copy.
 */
export async function whileCopyingAhead<T>(
  request: AheadRequest,
  call: Call,
  recover: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { bandwidthKBps, backup } = request;
  if (!isCheapAhead(bandwidthKBps, backup.sizeBytes)) return recover(call.signal);
  if ((backup.sizeBytes ?? Infinity) > besideBytesMax) {
    await copyAhead(request, smallestBytes, call);
    return recover(call.signal);
  }
  const [recovered] = await inParallel(call.signal, recover, (signal) => copyAhead(request, 0, { ...call, signal }));
  return recovered;
}

async function copyAhead(request: AheadRequest, bytesMin: number, call: Call): Promise<void> {
  for (const tree of treesOf(request)) {
    const files = await filesOfAtLeast(tree.stored, tree.below, bytesMin).catch(() => []);
    if (files.length === 0) continue;
    const program = copyProgram(tree, files, request.user);
    const outcome = await execute(program, call.signal);
    if (outcome.exitCode !== 0) call.log(`Barman copies the rest: ${failure(program, outcome, 'internal').message}`);
  }
}

/**
 * Whether something may be copied beside `barman recover`, or before it: nobody asked for less bandwidth, and memory holds source and
 * copy at once; `freemem` is MemAvailable of /proc/meminfo (libuv), which counts what caches would give back.
 */
export function isCheapAhead(bandwidthKBps: number | null, bytes: number | null): boolean {
  return bandwidthKBps === null && bytes !== null && 2 * bytes <= freemem();
}

function treesOf({ backup, stored, place, homes }: AheadRequest): Tree[] {
  const tablespaces = backup.tablespaces.flatMap(({ name, oid }) => {
    const home = homes.tablespaces.find((one) => one.name === name);
    return home ? [{ stored: path.join(stored, String(oid)), copy: home.directory, below: '.' }] : [];
  });
  return [{ stored: path.join(stored, 'data'), copy: place.pgdata, below: 'base' }, ...tablespaces];
}

/** With size, mode and time of the stored file; `--parents` makes its directories, and a file that is there is not opened. */
function copyProgram(tree: Tree, files: readonly string[], user: string | null): Program {
  const copy = [
    '/usr/bin/cp',
    '--no-clobber',
    '--reflink=auto',
    '--no-dereference',
    '--preserve=mode,timestamps',
    '--parents',
  ];
  return {
    argv: ['/usr/bin/xargs', '-0', '-n', '64', ...copy, '-t', tree.copy, '--'],
    cwd: tree.stored,
    user,
    stdin: files.map((name) => `${name}\0`).join(''),
    background: true,
    timeoutMs: 48 * 3_600_000,
  };
}
