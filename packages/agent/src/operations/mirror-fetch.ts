import path from 'node:path';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { boxText } from '../mirror/box.ts';
import { mirrorHomeConfiguration, neededBytes, neededFiles, type MirrorManifest } from '../mirror/manifest.ts';
import { monotonicMs } from '../system/clock.ts';
import { treeBytes } from '../system/directory-tree.ts';
import { requirePlan } from './backup-lease.ts';
import type { Call, Handler, Host } from './handler.ts';
import { damagedIn } from './fetched-files.ts';
import { fetchManifest, fetchFrom } from './mirror-manifest.ts';
import {
  discardMirrorHome,
  homeForBarman,
  homeOfPlan,
  makeMirrorHome,
  readMirrorHome,
  workOf,
  type MirrorHome,
} from './mirror-home.ts';
import { mirroredPlaces, mirrorUser, sourceBox } from './mirror-place.ts';
import { runForMirror, writeForMirror } from './mirror-workplace.ts';
import { diagnose, requireBarman } from './run-barman.ts';
import type { RsyncWork } from './run-rsync.ts';
import { stillOwned } from './scratch-record.ts';
import { livePlaces, requireRoom, withSpaceGuard } from './space-guard.ts';

export const mirrorFetch: Handler<'mirror-fetch'> = {
  async perform(host, params, call) {
    const startedAt = monotonicMs();
    const { bandwidthKBps, adopts } = params;
    const box = { ...sourceBox(host), ...(bandwidthKBps === null ? {} : { bandwidthKBps }) };
    const live = await livePlaces(host);
    const home = adopts === undefined ? await newHome(host, requirePlan(call)) : await homeThatStays(host, call);
    // Once as it is fetched, and once as it is recovered; of what stays, some may be here already.
    if (adopts === undefined) await requireRoom(host, [{ path: home.directory, bytes: 2 * params.expectBytes }], live);
    const guarded = [...live, { role: 'scratch', path: home.directory }];
    return withSpaceGuard(host, guarded, call.signal, async (signal) => {
      const work = { box, user: mirrorUser(host), call: { ...call, signal } };
      return { ...(await fetchAll(host, { home, params, work })), seconds: (monotonicMs() - startedAt) / 1000 };
    });
  },

  async observe() {
    return { is: 'absent' };
  },
};

export const mirrorDiscard: Handler<'mirror-discard'> = {
  async perform(host, _params, call) {
    return { existed: await discardMirrorHome(homeOfPlan(host, requirePlan(call))) };
  },

  async observe(host, _params, call) {
    const record = await readMirrorHome(homeOfPlan(host, requirePlan(call)));
    if (!record) return { is: 'complete', result: { existed: true } };
    return { is: 'partial', facts: { directory: record.path } };
  },
};

/** What an earlier try of a drill has left is not known to be whole. */
async function newHome(host: Host, plan: string): Promise<MirrorHome> {
  const home = homeOfPlan(host, plan);
  await discardMirrorHome(home);
  await makeMirrorHome(host, home);
  return home;
}

/** Beside Barman's directory of the server, so that a rename puts it there; with what earlier tries and plans have brought. */
async function homeThatStays(host: Host, call: Call): Promise<MirrorHome> {
  const version = await requireBarman(host.server, call.signal);
  const home = homeForBarman(host, mirroredPlaces(await diagnose(host.server, version, call.signal)).whole);
  const record = await readMirrorHome(home);
  if (record?.path === home.directory && (await stillOwned(record))) return home;
  if (record) await discardMirrorHome({ ...home, directory: record.path });
  await makeMirrorHome(host, home);
  return home;
}

interface Fetch {
  readonly home: MirrorHome;
  readonly params: Params<'mirror-fetch'>;
  readonly work: RsyncWork;
}

async function fetchAll(host: Host, { home, params, work }: Fetch): Promise<Omit<Result<'mirror-fetch'>, 'seconds'>> {
  const { directory } = home;
  const own = workOf(home);
  await runForMirror(work, ['/usr/bin/mkdir', '-p', '-m', '0700', '--', own.directory]);
  const manifest = await fetchManifest(work, directory);
  const { adopts, backupId } = params;
  if (adopts !== undefined && adopts.mirroredAt !== manifest.at) throw otherState(work, adopts.mirroredAt, manifest.at);
  const names = neededFiles(manifest, backupId);
  if (names === undefined) throw notHeld(work, backupId);
  if (adopts !== undefined) await requireRoomFor(host, directory, neededBytes(manifest, backupId) ?? 0);
  await writeForMirror(work, own.list, names.map((name) => `${name}\n`).join(''));
  const final = await fetchFrom(work, directory, [`--files-from=${own.list}`], 'backup and WAL');
  const rest = await fetchFrom(work, directory, restFilters(backupId), 'the rest');
  if (adopts !== undefined) await requireUndamaged(work, { directory, manifest, names });
  const configuration = mirrorHomeConfiguration({ directory, server: host.server.barman.server, user: work.user });
  await writeForMirror(work, own.configuration, configuration);
  return {
    files: final.filesSent + rest.filesSent,
    bytes: final.bytesSent + rest.bytesSent,
    mirroredAt: manifest.at,
    newestCommit: manifest.newestCommit,
  };
}

/** Beyond what is here already. */
async function requireRoomFor(host: Host, directory: string, bytes: number): Promise<void> {
  const missing = Math.max(0, bytes - (await treeBytes(directory)));
  await requireRoom(host, [{ path: directory, bytes: missing }], await livePlaces(host));
}

/** What is only on its way, the catalogue, and directories without a file, which the manifest does not name. */
function restFilters(backupId: string): readonly string[] {
  return [
    '--include=/base/',
    `--include=/base/${backupId}/`,
    `--include=/base/${backupId}/backup.info`,
    `--include=/base/${backupId}/**/`,
    '--exclude=/base/**',
    '--include=/streaming/***',
    '--include=/incoming/***',
    '--include=/meta/',
    `--include=/meta/${backupId}-backup.info`,
    '--exclude=/meta/*-backup.info',
    '--include=/meta/***',
    '--include=/wals/',
    '--include=/wals/xlog.db',
    '--include=/identity.json',
    '--exclude=*',
  ];
}

interface Fetched {
  readonly directory: string;
  readonly manifest: MirrorManifest;
  readonly names: readonly string[];
}

/** Found before anything is swapped. A damaged file goes, so that a mended one is fetched. */
async function requireUndamaged(work: RsyncWork, { directory, manifest, names }: Fetched): Promise<void> {
  const wanted = new Set(names);
  const expected = manifest.files.filter(([name]) => wanted.has(name));
  const damaged = (await damagedIn(work, directory, expected)).map((one) => one.path);
  if (damaged.length === 0) return;
  await runForMirror(work, ['/usr/bin/rm', '-f', '--', ...damaged.map((name) => path.join(directory, name))]);
  throw new ProblemError(
    'mirror-damaged',
    `of the mirror ${boxText(work.box)} ${damaged.length} files are not what was sent: ${damaged.slice(0, 10).join(', ')}`,
    {
      next: 'Nothing was changed on this host. Plan again with another backup; what was fetched undamaged is not fetched again.',
      facts: { damaged: damaged.slice(0, 100) },
    },
  );
}

function otherState({ box }: RsyncWork, planned: string, found: string): ProblemError {
  return new ProblemError(
    'plan-void',
    `the mirror ${boxText(box)} is of ${found}; the plan was made from its state of ${planned}`,
    {
      next: 'somebody brings it up to date: make sure that the old host is gone or has no access to the box any more, then make a new plan. Nothing was changed.',
    },
  );
}

function notHeld({ box }: RsyncWork, backupId: string): ProblemError {
  return new ProblemError('backup-not-found', `the mirror ${boxText(box)} does not hold backup ${backupId}`, {
    next: 'GET /v1/servers/{name}/mirror lists those that it holds',
  });
}
