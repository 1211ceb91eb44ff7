import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { monotonicMs } from '../system/clock.ts';
import { requirePlan } from './backup-lease.ts';
import { copyProcess, requireCopyProcess } from './copy-process.ts';
import { askJson, copyServer } from './copy-sql.ts';
import { abortReason } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';
import { scratchPlace, type ScratchPlace } from './scratch-place.ts';
import { readRecord, requireScratch } from './scratch-record.ts';

const stateSchema = z.strictObject({
  inRecovery: z.boolean(),
  timeline: z.int().nullable(),
  systemIdentifier: z.string(),
});

/** The current WAL file's name holds the timeline: pg_control has it only after the checkpoint that follows. */
const stateSql = `SELECT json_build_object('inRecovery', pg_is_in_recovery(), 'timeline', CASE WHEN NOT pg_is_in_recovery()
  THEN ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,
  'systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()));`;

const promoteMs = 30 * 60_000;

export const scratchPromote: Handler<'scratch-promote'> = {
  async perform(host, _params, call) {
    const place = await requireScratch(host, requirePlan(call));
    await requireCopyProcess(place);
    const before = await copyState(host, place, call);
    if (before.inRecovery)
      await askJson(copyServer(host, place), 'SELECT to_json(pg_promote(false));', z.boolean(), call.signal);
    const deadline = monotonicMs() + promoteMs;
    for (;;) {
      const { inRecovery, timeline, systemIdentifier } = await copyState(host, place, call);
      if (!inRecovery && timeline !== null) return { timeline, systemIdentifier };
      if (call.signal.aborted) throw abortReason(call.signal);
      await requireCopyProcess(place);
      if (monotonicMs() > deadline) {
        throw new ProblemError(
          'time-limit',
          `the copy is still in recovery ${promoteMs / 60_000} minutes after pg_promote`,
        );
      }
      await sleep(100);
    }
  },

  async observe(host, _params, call) {
    const place = scratchPlace(host, requirePlan(call));
    if (!(await readRecord(place)) || !(await copyProcess(place))) return { is: 'absent' };
    const { inRecovery, timeline, systemIdentifier } = await copyState(host, place, call);
    if (inRecovery || timeline === null) return { is: 'absent' };
    return { is: 'complete', result: { timeline, systemIdentifier } };
  },
};

export async function copyState(host: Host, place: ScratchPlace, call: Call): Promise<z.infer<typeof stateSchema>> {
  return askJson(copyServer(host, place), stateSql, stateSchema, call.signal);
}
