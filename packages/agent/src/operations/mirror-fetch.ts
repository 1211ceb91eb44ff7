import path from 'node:path';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { boxText } from '../mirror/box.ts';
import {
  manifestName,
  mirrorHomeConfiguration,
  neededFiles,
  parseManifest,
  type MirrorManifest,
} from '../mirror/manifest.ts';
import type { Transfer } from '../mirror/rsync-argv.ts';
import { monotonicMs } from '../system/clock.ts';
import { requirePlan } from './backup-lease.ts';
import type { Handler, Host } from './handler.ts';
import { discardMirrorHome, makeMirrorHome, readMirrorHome, type MirrorHome } from './mirror-home.ts';
import { mirrorUser, requireBox } from './mirror-place.ts';
import { runForMirror, writeForMirror } from './mirror-workplace.ts';
import { runRsync, type RsyncWork } from './run-rsync.ts';
import { livePlaces, requireRoom, withSpaceGuard } from './space-guard.ts';

export const mirrorFetch: Handler<'mirror-fetch'> = {
  async perform(host, params, call) {
    const startedAt = monotonicMs();
    const plan = requirePlan(call);
    const { bandwidthKBps } = params;
    const box = { ...requireBox(host), ...(bandwidthKBps === null ? {} : { bandwidthKBps }) };
    // What an earlier try has left is not known to be whole.
    await discardMirrorHome(host, plan);
    const live = await livePlaces(host);
    const home = await makeMirrorHome(host, plan);
    // Once as it is fetched, and once as it is recovered.
    await requireRoom(host, [{ path: home.directory, bytes: 2 * params.expectBytes }], live);
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
    return { existed: await discardMirrorHome(host, requirePlan(call)) };
  },

  async observe(host, _params, call) {
    const record = await readMirrorHome(host, requirePlan(call));
    if (!record) return { is: 'complete', result: { existed: true } };
    return { is: 'partial', facts: { directory: record.path } };
  },
};

interface Fetch {
  readonly home: MirrorHome;
  readonly params: Params<'mirror-fetch'>;
  readonly work: RsyncWork;
}

async function fetchAll(host: Host, { home, params, work }: Fetch): Promise<Omit<Result<'mirror-fetch'>, 'seconds'>> {
  const { server } = host.server.barman;
  const into = path.join(home.home, server);
  await runForMirror(work, ['/usr/bin/mkdir', '-p', '--', into]);
  const manifest = await fetchManifest(work, into);
  const names = neededFiles(manifest, params.backupId);
  if (names === undefined) throw notHeld(work, params.backupId);
  const list = path.join(home.directory, 'list');
  await writeForMirror(work, list, names.map((name) => `${name}\n`).join(''));
  const fetch = (phase: string, filters: readonly string[]) => runRsync(work, transferOf(into, filters), phase);
  const final = await fetch('backup and WAL', [`--files-from=${list}`]);
  // What is only on its way, the catalogue, and directories without a file, which the manifest does not name.
  const rest = await fetch('the rest', [
    '--include=/base/',
    `--include=/base/${params.backupId}/`,
    `--include=/base/${params.backupId}/backup.info`,
    `--include=/base/${params.backupId}/**/`,
    '--exclude=/base/**',
    '--include=/streaming/***',
    '--include=/incoming/***',
    '--include=/meta/***',
    '--include=/wals/',
    '--include=/wals/xlog.db',
    '--include=/identity.json',
    '--exclude=*',
  ]);
  const configuration = mirrorHomeConfiguration({ directory: home.directory, server, user: work.user });
  await writeForMirror(work, home.configuration, configuration);
  const { at, newestCommit } = manifest;
  return {
    files: final.filesSent + rest.filesSent,
    bytes: final.bytesSent + rest.bytesSent,
    mirroredAt: at,
    newestCommit,
  };
}

async function fetchManifest(work: RsyncWork, into: string): Promise<MirrorManifest> {
  await runRsync(work, transferOf(into, [`--include=/${manifestName}`, '--exclude=*']), 'manifest');
  const file = path.join(into, manifestName);
  const text = await runForMirror(work, ['/usr/bin/cat', '--', file]).catch((error: unknown) => {
    if (work.call.signal.aborted) throw error;
    return '';
  });
  const manifest = parseManifest(text);
  if (manifest) return manifest;
  throw new ProblemError('no-mirror', `${boxText(work.box)} has no ${manifestName} that can be read`, {
    next: 'bring the mirror up to date: POST /v1/runs with scenario mirror',
  });
}

function transferOf(into: string, filters: readonly string[]): Transfer {
  return { direction: 'fetch', local: `${into}/`, remote: '', filters, deletes: false, compareContents: false };
}

function notHeld({ box }: RsyncWork, backupId: string): ProblemError {
  return new ProblemError('backup-not-found', `the mirror ${boxText(box)} does not hold backup ${backupId}`, {
    next: 'GET /v1/servers/{name}/mirror lists those that it holds',
  });
}
