import { requirePlan } from './backup-lease.ts';
import type { Handler, Host } from './handler.ts';
import { readProvision, type ProvisionRecord } from './provision-record.ts';
import { provisionerOf } from './provisioner.ts';
import { kindOf } from '../system/directory-tree.ts';
import { removeWorkplace } from './workplace.ts';

export const provisionDiscard: Handler<'provision-discard'> = {
  async perform(host, _params, call) {
    const record = await readProvision(host, requirePlan(call));
    return { existed: record !== undefined && (await discardPlanFile(host, record)) };
  },

  /** What is gone is gone: performing again looks anew. */
  observe: () => Promise.resolve({ is: 'absent' }),
};

/** With everything that lies beside it; answers whether it was there. */
export async function discardPlanFile(host: Host, { work }: ProvisionRecord): Promise<boolean> {
  if ((await kindOf(work)) !== 'directory') return false;
  await removeWorkplace({ user: provisionerOf(host).user ?? null }, work);
  return true;
}
