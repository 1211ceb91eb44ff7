import { requirePlan } from './backup-lease.ts';
import { discardFresh } from './fresh-database.ts';
import type { Handler } from './handler.ts';
import { discardDump, readImport } from './import-record.ts';

export const importDiscard: Handler<'import-discard'> = {
  async perform(host, { fresh }, call) {
    const plan = requirePlan(call);
    const dump = await discardDump(await readImport(host, plan));
    return { dump, database: fresh ? await discardFresh(host, plan, call) : null };
  },

  /** What is gone is gone: performing again looks anew. */
  observe: () => Promise.resolve({ is: 'absent' }),
};
