import path from 'node:path';
import { manifestName, neededFiles, type MirrorManifest } from '../mirror/manifest.ts';
import { monotonicMs } from '../system/clock.ts';
import { treeBytes } from '../system/directory-tree.ts';
import { endBackfill } from './backfill-record.ts';
import { damagedIn } from './fetched-files.ts';
import type { Handler } from './handler.ts';
import { fetchFrom, fetchManifest } from './mirror-manifest.ts';
import { mirroredPlaces, mirrorUser, sourceBox } from './mirror-place.ts';
import { runForMirror } from './mirror-workplace.ts';
import { diagnose, requireBarman } from './run-barman.ts';
import type { RsyncWork } from './run-rsync.ts';
import { livePlaces, requireRoom, withSpaceGuard } from './space-guard.ts';

const idOf = (name: string): string | undefined => /^base\/([^/]+)\//.exec(name)?.[1];

export const mirrorBackfill: Handler<'mirror-backfill'> = {
  async perform(host, { backupId, bandwidthKBps }, call) {
    const startedAt = monotonicMs();
    const box = { ...sourceBox(host), ...(bandwidthKBps === null ? {} : { bandwidthKBps }) };
    const version = await requireBarman(host.server, call.signal);
    const { whole } = mirroredPlaces(await diagnose(host.server, version, call.signal));
    const live = await livePlaces(host);
    const guarded = [...live, { role: 'barman', path: whole }];
    return withSpaceGuard(host, guarded, call.signal, async (signal) => {
      const work = { box, user: mirrorUser(host), call: { ...call, signal } };
      const manifest = await fetchManifest(work, whole);
      const total = manifest.files.reduce((sum, [, bytes]) => sum + bytes, 0);
      await requireRoom(host, [{ path: whole, bytes: Math.max(0, total - (await treeBytes(whole))) }], live);
      const filled = await fill(work, whole, { manifest, restored: backupId });
      await runForMirror(work, ['/usr/bin/rm', '-f', '--', path.join(whole, manifestName)]);
      await endBackfill(host);
      return { ...filled, seconds: (monotonicMs() - startedAt) / 1000 };
    });
  },

  /** Performing again fetches what is not there yet. */
  observe: () => Promise.resolve({ is: 'absent' }),
};

interface Filling {
  readonly manifest: MirrorManifest;
  /** What its restore needed was compared when it was fetched, and is not read again. */
  readonly restored: string;
}

async function fill(work: RsyncWork, whole: string, { manifest, restored }: Filling) {
  const ids = manifest.backups.map(({ id }) => id);
  const fetch = (phase: string, filters: readonly string[]) =>
    fetchFrom(work, whole, ['--ignore-existing', ...filters, '--exclude=*'], phase);
  const wal = await fetch('WAL', [
    '--exclude=/wals/xlog.db',
    '--include=/wals/',
    '--include=/wals/**',
    '--include=/kept-wal/',
    '--include=/kept-wal/**',
  ]);
  const data = await fetch('backups', [
    '--include=/base/',
    ...ids.flatMap((id) => [`--exclude=/base/${id}/backup.info`, `--include=/base/${id}/***`]),
  ]);
  // An entry comes last, and what is here of one is Barman's.
  const compared = new Set(neededFiles(manifest, restored));
  const expected = manifest.files.filter(([name]) => !isEntry(name) && !compared.has(name));
  const damaged = (await damagedIn(work, whole, expected)).map((one) => one.path);
  await dropDamaged(work, whole, damaged);
  const without = new Set(damaged.map(idOf));
  const sound = ids.filter((id) => !without.has(id));
  const entries = await fetch('catalogue', [
    '--include=/base/',
    ...sound.flatMap((id) => [`--include=/base/${id}/`, `--include=/base/${id}/backup.info`]),
    '--include=/meta/',
    ...sound.map((id) => `--include=/meta/${id}-backup.info`),
  ]);
  const parts = [wal, data, entries];
  return {
    files: parts.reduce((sum, one) => sum + one.filesSent, 0),
    bytes: parts.reduce((sum, one) => sum + one.bytesSent, 0),
    backups: sound.length,
    damaged: damaged.slice(0, damagedToldMax),
  };
}

function isEntry(name: string): boolean {
  return /^base\/[^/]+\/backup\.info$/.test(name);
}

const damagedToldMax = 200;

/** A damaged segment is a gap that everybody sees; a backup with a damaged file is none. */
async function dropDamaged(work: RsyncWork, whole: string, damaged: readonly string[]): Promise<void> {
  const gone = new Set(damaged.map((name) => (idOf(name) === undefined ? name : `base/${idOf(name)}`)));
  for (const name of gone) await runForMirror(work, ['/usr/bin/rm', '-rf', '--', path.join(whole, name)]);
}
