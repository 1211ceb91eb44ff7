import { requirePlan } from './backup-lease.ts';
import { liveOf, requireNewSchema } from './extract-load.ts';
import type { Handler } from './handler.ts';

export const extractCheck: Handler<'extract-check'> = {
  async perform(host, params, call) {
    await requireNewSchema(liveOf(host, params), { plan: requirePlan(call), schema: params.schema }, call);
    return {};
  },
};
