import { freemem } from 'node:os';
import path from 'node:path';
import type { Backup } from '@barback/shared/operations/backup.ts';
import { largeFiles } from '../system/directory-tree.ts';
import type { Program } from '../system/program.ts';
import type { CopyHomes } from './copy-homes.ts';
import { execute, failure } from './execute.ts';
import type { Call } from './handler.ts';
import type { ScratchPlace } from './scratch-place.ts';

/** Files smaller than this are left to Barman: rsync is as fast with them, and a cluster may have a million. */
const smallestBytes = 256 * 1024;

interface Tree {
  readonly stored: string;
  readonly copy: string;
  /** Where the large files of it are. */
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
 * Copies the large files of a backup within the kernel, before `barman recover` runs over the copy: what lies there it compares by checksum
 * and sends again where it differs (3.4.0 and 3.13.3, copy_controller.py: everything is checked without a safe horizon), so that Barman
 * remains what makes the copy. A pipe between two rsync on one host costs more than the copy and the comparison together.
 *
 * Comparing reads both again: only where memory holds them. What fails here is Barman's to copy.
 */
export async function copyAhead(request: AheadRequest, call: Call): Promise<void> {
  if (request.bandwidthKBps !== null || !isRemembered(request.backup.sizeBytes)) return;
  for (const tree of treesOf(request)) {
    const files = await largeFiles(tree.stored, tree.below, smallestBytes).catch(() => []);
    if (files.length === 0) continue;
    const program = copyProgram(tree, files, request.user);
    const outcome = await execute(program, call.signal);
    if (outcome.exitCode !== 0) call.log(`Barman copies all of it: ${failure(program, outcome, 'internal').message}`);
  }
}

/** The backup and its copy at once; `freemem` is MemAvailable of /proc/meminfo (libuv), which counts what caches would give back. */
function isRemembered(sizeBytes: number | null): boolean {
  return sizeBytes !== null && 2 * sizeBytes <= freemem();
}

function treesOf({ backup, stored, place, homes }: AheadRequest): Tree[] {
  const tablespaces = backup.tablespaces.flatMap(({ name, oid }) => {
    const home = homes.tablespaces.find((one) => one.name === name);
    return home ? [{ stored: path.join(stored, String(oid)), copy: home.directory, below: '.' }] : [];
  });
  return [{ stored: path.join(stored, 'data'), copy: place.pgdata, below: 'base' }, ...tablespaces];
}

/** With size, mode and time of the stored file; `--parents` makes its directories. */
function copyProgram(tree: Tree, files: readonly string[], user: string | null): Program {
  const copy = ['/usr/bin/cp', '--reflink=auto', '--no-dereference', '--preserve=mode,timestamps', '--parents'];
  return {
    argv: ['/usr/bin/xargs', '-0', '-n', '64', ...copy, '-t', tree.copy, '--'],
    cwd: tree.stored,
    user,
    stdin: files.map((name) => `${name}\0`).join(''),
    background: true,
    timeoutMs: 48 * 3_600_000,
  };
}
