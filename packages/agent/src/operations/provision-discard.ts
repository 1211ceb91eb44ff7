import { requirePlan } from './backup-lease.ts';
import type { Handler } from './handler.ts';
import { readProvision } from './provision-record.ts';
import { provisionerOf } from './provisioner.ts';
import { kindOf } from '../system/directory-tree.ts';
import { removeWorkplace } from './workplace.ts';

export const provisionDiscard: Handler<'provision-discard'> = {
  async perform(host, _params, call) {
    const { user = null } = provisionerOf(host);
    const record = await readProvision(host, requirePlan(call));
    if (record === undefined || (await kindOf(record.work)) !== 'directory') return { existed: false };
    await removeWorkplace({ user }, record.work);
    return { existed: true };
  },

  /** What is gone is gone: performing again looks anew. */
  observe: () => Promise.resolve({ is: 'absent' }),
};
