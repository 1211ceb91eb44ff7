import path from 'node:path';
import type { Backup } from '@barback/shared/operations/backup.ts';
import { boxText } from '../mirror/box.ts';
import { mirrorHomeConfiguration, neededBytes, type MirrorManifest } from '../mirror/manifest.ts';
import { readCatalogue } from './backup-list.ts';
import { segmentBytesOf, walDirectories } from './barman-places.ts';
import type { Handler } from './handler.ts';
import { hostOver, workOf } from './mirror-home.ts';
import { fetchFrom, fetchManifest } from './mirror-manifest.ts';
import { mirrorUser, sourceBox } from './mirror-place.ts';
import { runForMirror, withMirrorDirectory, writeForMirror } from './mirror-workplace.ts';
import { readHistories } from './read-histories.ts';
import { listWal } from './wal-store.ts';

/** Kilobytes, whatever the size of the mirror. */
const filters = [
  '--include=/base/',
  '--include=/base/*/',
  '--include=/base/*/backup.info',
  '--include=/meta/***',
  '--include=/identity.json',
  '--include=/wals/',
  '--include=/wals/*.history',
  '--exclude=*',
];

export const mirrorCatalogue: Handler<'mirror-catalogue'> = {
  async perform(host, _params, call) {
    const work = { box: sourceBox(host), user: mirrorUser(host), call };
    return withMirrorDirectory(work, async (directory) => {
      const manifest = await fetchManifest(work, directory);
      await fetchFrom(work, directory, filters, 'catalogue');
      const own = workOf({ directory });
      await runForMirror(work, ['/usr/bin/mkdir', '-p', '--', own.directory]);
      const { server } = host.server.barman;
      await writeForMirror(work, own.configuration, mirrorHomeConfiguration({ directory, server, user: work.user }));
      const { backups, diagnosis, barmanVersion } = await readCatalogue(hostOver(host, directory).server, call.signal);
      const segmentBytes = segmentBytesOf(diagnosis);
      const store = await listWal(walDirectories(diagnosis), segmentBytes);
      const { histories } = await readHistories(store, work.user);
      const { at, newestCommit, liveTimeline, files } = manifest;
      return {
        source: boxText(work.box),
        mirroredAt: at,
        newestCommit,
        liveTimeline,
        barmanVersion,
        backups: backups.map((one) => withManifest(one, manifest)),
        histories: histories.map(({ timeline, ancestors }) => ({ timeline, ancestors: [...ancestors] })),
        segmentBytes,
        files: files.length,
        bytes: files.reduce((sum, [, bytes]) => sum + bytes, 0),
        needed: backups.flatMap(({ id }) => {
          const bytes = neededBytes(manifest, id);
          return bytes === undefined ? [] : [{ backupId: id, bytes }];
        }),
      };
    });
  },
};

/** Only the catalogue is here: whether the backup has its manifest of files, the manifest of the mirror says. */
function withManifest(backup: Backup, { files }: MirrorManifest): Backup {
  const name = path.posix.join('base', backup.id, 'data', 'backup_manifest');
  return { ...backup, manifest: files.some(([one]) => one === name) ? 'present' : 'absent' };
}
