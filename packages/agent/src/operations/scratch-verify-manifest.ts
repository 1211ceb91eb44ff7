import { operations } from '@barback/shared/operations/index.ts';
import { verifyBackupArgv } from '../postgres/argv.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { requirePlan } from './backup-lease.ts';
import type { Handler } from './handler.ts';
import { requireRecovered } from './scratch-completion.ts';
import { scratchPlace } from './scratch-place.ts';
import { readRecord, requireScratch } from './scratch-record.ts';
import { verifyManifest } from './verify-manifest.ts';

export const scratchVerifyManifest: Handler<'scratch-verify-manifest'> = {
  async perform(host, params, call) {
    const place = await requireScratch(host, requirePlan(call));
    await requireRecovered(place);
    const manifest = `${place.pgdata}/backup_manifest.${params.backupId}`;
    const argv = verifyBackupArgv(host.server.postgres.binDirectory, place.pgdata, params.backupId);
    const result = await verifyManifest({ host, backupId: params.backupId, manifest, argv }, call);
    if (result.manifest === 'absent') return result;
    await writeAtomic(place.verifiedFile, JSON.stringify(result));
    return result;
  },

  async observe(host, _params, call) {
    const place = scratchPlace(host, requirePlan(call));
    const text = await readIfExists(place.verifiedFile);
    if (text === undefined || !(await readRecord(place))) return { is: 'absent' };
    return { is: 'complete', result: operations['scratch-verify-manifest'].result.parse(JSON.parse(text)) };
  },
};
