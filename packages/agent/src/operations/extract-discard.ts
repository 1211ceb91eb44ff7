import { removeTree } from '../system/directory-tree.ts';
import { requirePlan } from './backup-lease.ts';
import { isOurs } from '../postgres/extract-sql.ts';
import { isStillThere, readExtract } from './extract-place.ts';
import { drop, liveOf, markOf } from './extract-load.ts';
import type { Handler } from './handler.ts';

export const extractDiscard: Handler<'extract-discard'> = {
  async perform(host, params, call) {
    const plan = requirePlan(call);
    let schemaDropped = false;
    if (params.schema !== null) {
      const live = liveOf(host, params);
      schemaDropped = isOurs((await markOf(live, params.schema, call))?.mark, plan);
      if (schemaDropped) await drop(live, params.schema, call);
    }
    const record = await readExtract(host, plan);
    const existed = record !== undefined && (await isStillThere(record));
    if (existed) await removeTree(record.directory.path);
    return { existed, schemaDropped };
  },

  /** Performing again looks at both anew. */
  observe: () => Promise.resolve({ is: 'absent' }),
};
