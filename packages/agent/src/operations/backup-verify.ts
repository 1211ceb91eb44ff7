import path from 'node:path';
import { verifyStoredArgv } from '../postgres/argv.ts';
import { findBackup } from './backup-list.ts';
import type { Handler } from './handler.ts';
import { verifyManifest } from './verify-manifest.ts';

export const backupVerify: Handler<'backup-verify'> = {
  async perform(host, { backupId }, call) {
    const { diagnosis } = await findBackup(host.server, backupId, call.signal);
    const directory = path.join(diagnosis.config.basebackups_directory, backupId, 'data');
    const argv = verifyStoredArgv(host.server.postgres.binDirectory, directory);
    return verifyManifest({ host, backupId, manifest: path.join(directory, 'backup_manifest'), argv }, call);
  },

  /** Reading again harms nothing. */
  observe: () => Promise.resolve({ is: 'absent' }),
};
