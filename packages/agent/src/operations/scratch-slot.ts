import { slotFactsSchema } from '@barback/shared/operations/protection-facts.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError, problemTypeOf } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { createSlotSql, dropSlotSql, slotListSql } from '../postgres/slot-sql.ts';
import { requirePlan } from './backup-lease.ts';
import { copyProcess, requireCopyProcess } from './copy-process.ts';
import { askJson, copyServer, type SqlServer } from './copy-sql.ts';
import type { Call, Handler } from './handler.ts';
import { scratchPlace } from './scratch-place.ts';
import { readRecord, requireScratch } from './scratch-record.ts';

const createdSchema = z.strictObject({ restartLsn: z.string() });
const droppedSchema = z.array(z.object({ dropped: z.boolean() }));

export const scratchSlot: Handler<'scratch-slot'> = {
  async perform(host, { slot }, call) {
    const place = await requireScratch(host, requirePlan(call));
    await requireCopyProcess(place);
    const server = copyServer(host, place);
    const there = await readCopySlot(server, slot, call.signal);
    if (there && there.restartLsn !== null && there.type === 'physical') {
      return { reserved: true, created: false, restartLsn: there.restartLsn, hindrance: null };
    }
    if (there?.type === 'logical') {
      throw new ProblemError('slot-in-use', `the copy has a logical slot named ${slot}`, {
        next: "rename Barman's slot (slot_name in its configuration) or drop the logical one on live, then make a new plan",
      });
    }
    // One that reserves nothing keeps no WAL: Barman would have a gap.
    if (there) {
      const dropped = dropSlotSql({ name: slot, type: 'physical', restartLsn: null });
      await askJson(server, dropped, droppedSchema, call.signal);
    }
    return create(server, slot, call);
  },

  async observe(host, { slot }, call) {
    const place = scratchPlace(host, requirePlan(call));
    if (!(await readRecord(place)) || !(await copyProcess(place))) return { is: 'absent' };
    const there = await readCopySlot(copyServer(host, place), slot, call.signal);
    if (!there || there.restartLsn === null || there.type !== 'physical') return { is: 'absent' };
    return { is: 'complete', result: { reserved: true, created: true, restartLsn: there.restartLsn, hindrance: null } };
  },
};

/** All slots in use, for example: no reason to give the restore up. */
async function create(server: SqlServer, slot: string, call: Call): Promise<Result<'scratch-slot'>> {
  try {
    const { restartLsn } = await askJson(server, createSlotSql(slot), createdSchema, call.signal);
    return { reserved: true, created: true, restartLsn, hindrance: null };
  } catch (error) {
    if (!(error instanceof ProblemError) || problemTypeOf(error.problem) !== 'postgres-failed') throw error;
    return { reserved: false, created: false, restartLsn: null, hindrance: error.problem.detail };
  }
}

async function readCopySlot(server: SqlServer, name: string, signal: AbortSignal) {
  const slots = await askJson(server, `${slotListSql};`, z.array(slotFactsSchema), signal);
  return slots.find((one) => one.name === name);
}
