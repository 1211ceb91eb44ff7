import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { createSlotSql } from '../postgres/slot-sql.ts';
import { askJson, liveServer } from './copy-sql.ts';
import type { Handler } from './handler.ts';
import { readProtection, readSlot } from './protection.ts';

const createdSchema = z.strictObject({ restartLsn: z.string() });

export const slotCreate: Handler<'slot-create'> = {
  async perform(host, params, call) {
    const { slotName } = await readProtection(host, call);
    if (slotName !== params.slot) {
      throw new ProblemError(
        'plan-void',
        `the plan names the slot ${params.slot}; Barman's is ${slotName ?? 'not set'}`,
        {
          next: 'Make a new plan',
        },
      );
    }
    const there = await readSlot(host, params.slot, call.signal);
    if (there) return { created: false, restartLsn: there.restartLsn };
    try {
      const { restartLsn } = await askJson(liveServer(host), createSlotSql(params.slot), createdSchema, call.signal);
      return { created: true, restartLsn };
    } catch (error) {
      // With create_slot = auto, receive-wal of Barman's cron may have been faster.
      const now = await readSlot(host, params.slot, call.signal);
      if (now) return { created: false, restartLsn: now.restartLsn };
      throw error;
    }
  },

  async observe(host, params, call) {
    const slot = await readSlot(host, params.slot, call.signal);
    return slot ? { is: 'complete', result: { created: true, restartLsn: slot.restartLsn } } : { is: 'absent' };
  },
};
