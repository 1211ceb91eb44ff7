import path from 'node:path';
import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { manifestName, workName } from '../mirror/manifest.ts';
import { nowMicros } from '../system/clock.ts';
import { identityOf, kindOf } from '../system/directory-tree.ts';
import { isMountPoint } from '../system/filesystem.ts';
import type { ParentDirectory } from '../system/parent-directory.ts';
import { requirePlan } from './backup-lease.ts';
import { beginBackfill, endBackfill } from './backfill-record.ts';
import type { Call, Handler, Host } from './handler.ts';
import { asBarman } from './kept-wal.ts';
import { forgetHomeForBarman, readHomeForBarman, rememberHomeForBarman } from './mirror-home.ts';
import { mirroredPlaces } from './mirror-place.ts';
import { requireStopped } from './require-stopped.ts';
import { diagnose, requireBarman } from './run-barman.ts';
import { stillOwned } from './scratch-record.ts';
import { lookAtSwap, moveTo, openSwap, placesOf } from './swap-directories.ts';
import { readSwap, writeSwap, type SwapRecord } from './swap-record.ts';

export const barmanHomeAdopt: Handler<'barman-home-adopt'> = {
  async perform(host, _params, call) {
    const plan = requirePlan(call);
    // Then nothing streams into the directory that goes, and what is received next goes into the one that comes.
    await requireStopped(host.server.postgres.dataDirectory);
    const known = await readSwap(host, plan, 'barman');
    const record = known && known.state !== 'undone' ? known : await begin(host, plan, call);
    await beginBackfill(host, plan);
    const parent = await openSwap(record);
    try {
      await moveIn(parent, record);
    } finally {
      await parent.close();
    }
    await asBarman(host, ['/usr/bin/rm', '-rf', '--', path.join(record.live.path, workName)], call);
    await writeSwap(host, { ...record, state: 'done' }, 'barman');
    await forgetHomeForBarman(host);
    return resultOf(record);
  },

  async observe(host, _params, call) {
    const record = await readSwap(host, requirePlan(call), 'barman');
    return record?.state === 'done' ? { is: 'complete', result: resultOf(record) } : { is: 'absent' };
  },
};

export const barmanHomeReturn: Handler<'barman-home-return'> = {
  async perform(host, _params, call) {
    const record = await readSwap(host, requirePlan(call), 'barman');
    if (!record) return { returned: false };
    const parent = await openSwap(record);
    try {
      if ((await lookAtSwap(parent, record)) !== 'not-begun') await moveTo('not-begun', parent, record);
    } finally {
      await parent.close();
    }
    await writeSwap(host, { ...record, state: 'undone' }, 'barman');
    // What was fetched serves the next plan.
    await rememberHomeForBarman(host, record.incoming);
    await endBackfill(host);
    return { returned: true };
  },

  async observe(host, _params, call) {
    const record = await readSwap(host, requirePlan(call), 'barman');
    return record?.state === 'undone' ? { is: 'complete', result: { returned: true } } : { is: 'absent' };
  },
};

async function begin(host: Host, plan: string, call: Call): Promise<SwapRecord> {
  const fetched = await readHomeForBarman(host);
  if (!fetched || !(await stillOwned(fetched)) || fetched.device === null || fetched.inode === null) {
    throw refused('nothing was fetched from the mirror');
  }
  const version = await requireBarman(host.server, call.signal);
  const { whole, ...inside } = mirroredPlaces(await diagnose(host.server, version, call.signal));
  await requireOrdinary(whole, inside);
  const found = await identityOf(whole);
  const record: SwapRecord = {
    server: host.serverName,
    plan,
    live: { path: whole },
    incoming: { path: fetched.path, device: fetched.device, inode: fetched.inode },
    old: found ? { device: found.device, inode: found.inode } : null,
    oldIsCluster: false,
    keptPath: `${whole}.before-${plan}`,
    at: nowMicros(),
    state: 'intended',
  };
  await writeSwap(host, record, 'barman');
  return record;
}

/** One directory that can be renamed, with everything of the server in it. */
async function requireOrdinary(whole: string, inside: Readonly<Record<string, string>>): Promise<void> {
  const kind = await kindOf(whole);
  if (kind !== 'directory' && kind !== 'absent') throw refused(`${whole} is a ${kind}, not a directory`);
  if (await isMountPoint(whole)) throw refused(`a filesystem is mounted at ${whole}`);
  const elsewhere = Object.values(inside).filter((one) => path.dirname(one) !== whole);
  if (elsewhere.length > 0) throw refused(`Barman keeps ${elsewhere.join(', ')} outside ${whole}`);
}

/** Barman's cron may make a new directory in the instant between the two renames: it goes aside as well. */
async function moveIn(parent: ParentDirectory, record: SwapRecord): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const places = await placesOf(parent, record);
    const isStray = places.kept === 'old' && places.source === 'incoming' && places.live === 'other';
    if (isStray && tries < 10) {
      const name = path.basename(record.live.path);
      await parent.rename(name, `${path.basename(record.keptPath)}.stray-${tries}`);
    }
    try {
      await moveTo('done', parent, record);
      return;
    } catch (error) {
      if (tries >= 10 || (await placesOf(parent, record)).live !== 'other') throw error;
    }
  }
}

function resultOf({ live, old, keptPath }: SwapRecord): Result<'barman-home-adopt'> {
  return { directory: live.path, kept: old && { ...old, path: keptPath } };
}

function refused(reason: string): ProblemError {
  return new ProblemError('location-unsafe', `Barman's directory cannot be exchanged: ${reason}`, {
    next: `Let Barman have everything of the server in one directory of an ordinary filesystem (backup_directory), then make a new plan. What was fetched, ${manifestName} included, stays.`,
  });
}
