import { requirePlan } from './backup-lease.ts';
import { requireFresh } from './fresh-database.ts';
import type { Handler } from './handler.ts';
import { readImport } from './import-record.ts';
import { importOf, requireValid } from './import-source.ts';

export const importPrepare: Handler<'import-prepare'> = {
  async perform(host, params, call) {
    const source = importOf(host, params.import);
    requireValid(source);
    const { name: database, oid } = await requireFresh(source, requirePlan(call), params, call);
    return { database, oid };
  },

  async observe(host, _params, call) {
    const { fresh } = await readImport(host, requirePlan(call));
    if (fresh?.isEmpty !== true || fresh.oid === null) return { is: 'absent' };
    return { is: 'complete', result: { database: fresh.name, oid: fresh.oid } };
  },
};
