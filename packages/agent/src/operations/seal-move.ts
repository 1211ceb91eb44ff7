import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { identityOf, kindOf, listDirectory, renameDurable } from '../system/directory-tree.ts';
import { linkTarget } from '../system/look-at-file.ts';
import { executeOk } from './execute.ts';
import type { Call, Host } from './handler.ts';
import { scratchUser, type ScratchPlace } from './scratch-place.ts';
import { requireRecord, writeRecord, type ScratchRecord } from './scratch-record.ts';
import { requireNewPlace, unsafe } from './trusted-place.ts';

/** Every link of the copy leads to what stays when the scratch directory goes. */
export async function refuseInside(place: ScratchPlace, record: ScratchRecord): Promise<void> {
  const homes = new Set(record.tablespaces.map((one) => one.path));
  for (const oid of await listDirectory(path.join(place.pgdata, 'pg_tblspc'))) {
    const target = await linkTarget(path.join(place.pgdata, 'pg_tblspc', oid));
    if (target !== undefined && homes.has(target)) continue;
    throw new ProblemError(
      'location-unsafe',
      `the tablespace ${oid} of the copy lies at ${target ?? 'an unknown place'}`,
      {
        next: "recover again with tablespaceHome 'beside': a copy that takes live's place needs tablespaces that stay",
      },
    );
  }
}

/** Puts the copy's pg_wal where live has its own: copied, because that is another filesystem as a rule, then linked. */
export async function moveWal(host: Host, place: ScratchPlace, { wal }: ScratchRecord, call: Call): Promise<void> {
  if (!wal) return;
  const inside = path.join(place.pgdata, 'pg_wal');
  const aside = `${inside}.moved`;
  const run = (argv: readonly string[]) =>
    executeOk(
      { argv, user: scratchUser(host), timeoutMs: 3_600_000, background: true },
      call.signal,
      'postgres-failed',
    );
  if ((await kindOf(inside)) === 'directory') {
    call.progress('wal', 0, null);
    await run(['/usr/bin/cp', '-a', '--no-target-directory', '--', inside, wal.path]);
    await run(['/usr/bin/mv', '--no-target-directory', '--', inside, aside]);
  }
  if ((await kindOf(inside)) === 'absent') await run(['/usr/bin/ln', '-s', '--', wal.path, inside]);
  await run(['/usr/bin/rm', '-rf', '--', aside]);
}

/** Whether the copy has left its user's reach already. */
export async function isMoved(place: ScratchPlace, { sealed }: ScratchRecord): Promise<boolean> {
  return sealed?.inode !== undefined && (await identityOf(place.next))?.inode === sealed?.inode;
}

/** Takes the data directory out of the scratch user's reach: a rename beside live, recorded before it happens. */
export async function moveOut(host: Host, place: ScratchPlace): Promise<ScratchRecord> {
  const found = await identityOf(place.pgdata);
  if (!found || (await kindOf(place.pgdata)) !== 'directory') throw unsafe(place.next, `${place.pgdata} is gone`);
  await requireNewPlace(host, place.next);
  const beside = await identityOf(path.dirname(place.next));
  if (beside?.device !== found.device) throw unsafe(place.next, `${place.pgdata} lies on another filesystem`);
  const sealed = { path: place.next, device: found.device, inode: found.inode };
  const record = { ...(await requireRecord(place)), sealed };
  await writeRecord(place, record);
  await renameDurable(place.pgdata, place.next);
  return record;
}
