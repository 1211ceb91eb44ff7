import { z } from 'zod';
import { requirePlan } from './backup-lease.ts';
import { requireCopyProcess } from './copy-process.ts';
import { askJson, copyServer } from './copy-sql.ts';
import type { Handler } from './handler.ts';
import { runProbe } from './run-probe.ts';
import { copyPlace, requireRole } from './scratch-probe.ts';
import { requireScratch } from './scratch-record.ts';

const inRecoverySql = 'SELECT to_json(pg_is_in_recovery());';

export const scratchQuery: Handler<'scratch-query'> = {
  async perform(host, { probe, statementTimeoutMs }, call) {
    const place = await requireScratch(host, requirePlan(call));
    await requireCopyProcess(place);
    const inRecovery = await askJson(copyServer(host, place), inRecoverySql, z.boolean(), call.signal);
    const role = await requireRole(host, place, inRecovery ? 'paused' : 'promoted', call);
    if (!role.exists) return { inRecovery, answer: null };
    return {
      inRecovery,
      answer: await runProbe(host, copyPlace(host, place), { probe, statementTimeoutMs }, call.signal),
    };
  },
};
