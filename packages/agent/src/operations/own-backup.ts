import path from 'node:path';
import { z } from 'zod';
import type { ListedBackup } from '../barman/list-backup.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { ensureDirectory } from '../system/directory-tree.ts';
import { commandLine } from '../system/process-table.ts';
import { requirePlan } from './backup-lease.ts';
import type { Call, Host } from './handler.ts';
import type { Protection } from './protection.ts';
import { listBackups } from './run-barman.ts';
import { scratchPlace } from './scratch-place.ts';

const recordSchema = z.strictObject({ known: z.array(z.string()) });

/** What Barman calls a backup whose files are not complete (3.4.0, infofile.py). */
const unfinished: readonly string[] = ['EMPTY', 'STARTED', 'FAILED', 'SYNCING'];

export function isUnfinished({ status }: ListedBackup): boolean {
  return unfinished.includes(status);
}

/**
 * The base backup of this plan: the first that began after the plan's own try did. Its `--name` does not tell, because Barman
 * 3.4.0 writes it down only when a backup has ended (backup.py); and Barman makes one backup of a server at a time.
 */
export async function ownBackup(
  host: Host,
  { version }: Pick<Protection, 'version'>,
  call: Call,
): Promise<ListedBackup | undefined> {
  const text = await readIfExists(recordFile(host, call));
  if (text === undefined) return undefined;
  const known = new Set(recordSchema.parse(JSON.parse(text)).known);
  const listed = await listBackups(host.server, version, call.signal);
  // Identifiers are the times of the begins.
  return listed
    .filter((one) => !known.has(one.id))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .at(0);
}

/** Remembers what is there before the plan's own backup begins. */
export async function recordKnown(host: Host, { version }: Pick<Protection, 'version'>, call: Call): Promise<void> {
  const listed = await listBackups(host.server, version, call.signal);
  await ensureDirectory(scratchPlace(host, requirePlan(call)).records);
  await writeAtomic(recordFile(host, call), JSON.stringify({ known: listed.map((one) => one.id) }));
}

/** Whether some `barman backup` of the server is at work, by the process that Barman names in its lock (3.4.0, lockfile.py). */
export async function isBackupRunning(
  host: Host,
  { lockDirectory }: Pick<Protection, 'lockDirectory'>,
): Promise<boolean> {
  const text = await readIfExists(path.join(lockDirectory, `.${host.server.barman.server}-backup.lock`));
  const pid = /^(\d+)$/m.exec(text ?? '')?.[1];
  // The number stays in the file when the process has ended, and may be another's by now.
  return pid !== undefined && (await commandLine(Number(pid)))?.includes('backup') === true;
}

function recordFile(host: Host, call: Call): string {
  return path.join(scratchPlace(host, requirePlan(call)).records, 'backup.json');
}
