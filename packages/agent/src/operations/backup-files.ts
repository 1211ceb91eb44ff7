import path from 'node:path';
import { countEntries } from '../system/directory-tree.ts';
import { barmanPlaces } from './barman-places.ts';
import type { Handler } from './handler.ts';

/** A million files on a local disk take a few seconds. */
const countMs = 20_000;

export const backupFiles: Handler<'backup-files'> = {
  async perform(host, params, call) {
    const { catalogue } = await barmanPlaces(host, call.signal);
    const limit = AbortSignal.timeout(countMs);
    const signal = AbortSignal.any([call.signal, limit]);
    try {
      return { files: await countEntries(path.join(catalogue.base, params.backupId), signal) };
    } catch (error) {
      if (call.signal.aborted) throw error;
      call.log(
        `cannot count the files of ${params.backupId}: ${error instanceof Error ? error.message : String(error)}`,
      );
      return { files: null };
    }
  },
};
