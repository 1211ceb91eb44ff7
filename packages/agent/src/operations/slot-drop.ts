import { setTimeout as sleep } from 'node:timers/promises';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import type { SlotFacts } from '@barback/shared/operations/protection-facts.ts';
import { problemTypeOf, ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { dropSlotSql } from '../postgres/slot-sql.ts';
import { monotonicMs } from '../system/clock.ts';
import { requirePlan } from './backup-lease.ts';
import { askJson, liveServer } from './copy-sql.ts';
import type { Call, Handler, Host } from './handler.ts';
import { isOfBarman, readProtection, readSlot, type Protection } from './protection.ts';
import { stopReceiveWal } from './receive-wal.ts';
import { readSlotRecord, writeSlotRecord } from './slot-record.ts';

type DropParams = Params<'slot-drop'>;

/** Barman's cron may start receive-wal between our look and the drop: then it is stopped and everything looked at again. */
const contestMs = 120_000;

const droppedSchema = z.array(z.object({ dropped: z.literal(true) }));

export const slotDrop: Handler<'slot-drop'> = {
  async perform(host, params, call) {
    const plan = requirePlan(call);
    const protection = await readProtection(host, call);
    refuseOther(params, protection);
    const deadline = monotonicMs() + contestMs;
    let stopping: Promise<unknown> = Promise.resolve();
    try {
      for (;;) {
        const slot = await readSlot(host, params.slot, call.signal);
        if (!slot) return (await readSlotRecord(host, plan, params.slot)) ?? gone;
        if (slot.active) {
          if (!params.ofBarman || !isOfBarman(slot, protection) || monotonicMs() > deadline) throw inUse(slot);
          stopping = stopReceiveWal(host, protection, call);
          await untilFree(host, params.slot, stopping, call);
          continue;
        }
        refuseChanged(params, slot);
        await writeSlotRecord(host, plan, { slot: slot.name, seen: seenOf(slot) });
        // What was seen is what is told, now and whenever it is observed again; live writes WAL between the look and the drop.
        if (await drop(host, slot, call)) return seenOf(slot);
        if (monotonicMs() > deadline) throw inUse(slot);
      }
    } finally {
      // Barman notices the end of receive-wal a second late; none of its programs is left behind.
      await stopping.catch(() => undefined);
    }
  },

  /**
   * What stands under the name now is the old slot only if it keeps WAL from the very position that was recorded. One that was made
   * anew at the same position is no different: dropping it again takes nothing away that it kept.
   */
  async observe(host, params, call) {
    const record = await readSlotRecord(host, requirePlan(call), params.slot);
    if (!record) return { is: 'absent' };
    const slot = await readSlot(host, params.slot, call.signal);
    return slot && slot.restartLsn === record.restartLsn ? { is: 'absent' } : { is: 'complete', result: record };
  },
};

/** Returns as soon as nobody uses the slot: cron may start receive-wal again before Barman has seen that it stopped. */
async function untilFree(host: Host, slot: string, stopping: Promise<unknown>, call: Call): Promise<void> {
  let isSettled = false;
  const settled = stopping.finally(() => {
    isSettled = true;
  });
  settled.catch(() => undefined);
  while (!isSettled) {
    if ((await readSlot(host, slot, call.signal))?.active !== true) return;
    await sleep(20);
  }
  await settled;
}

const gone: Result<'slot-drop'> = { existed: false, restartLsn: null, retainedBytes: null, walStatus: null };

function seenOf({ restartLsn, retainedBytes, walStatus }: SlotFacts): Result<'slot-drop'> {
  return { existed: true, restartLsn, retainedBytes, walStatus };
}

/** False when the slot was taken or moved meanwhile. */
async function drop(host: Host, { name, type, restartLsn }: SlotFacts, call: Call): Promise<boolean> {
  try {
    const sql = dropSlotSql({ name, type, restartLsn });
    return (await askJson(liveServer(host), sql, droppedSchema, call.signal)).length > 0;
  } catch (error) {
    // PostgreSQL refuses to drop a slot in use, in a language of its own: whether it is that, the next look tells.
    const isRefusal = error instanceof ProblemError && problemTypeOf(error.problem) === 'postgres-failed';
    const now = isRefusal ? await readSlot(host, name, call.signal) : undefined;
    if (now?.active !== true) throw error;
    return false;
  }
}

/** Between plan and run Barman may have been given another slot. */
function refuseOther({ slot, ofBarman }: DropParams, { slotName }: Protection): void {
  if (ofBarman === (slot === slotName)) return;
  throw new ProblemError(
    'plan-void',
    `the plan took ${slot} for ${ofBarman ? "Barman's slot" : 'a slot of somebody else'}, and Barman's slot_name is ${slotName ?? 'not set'}`,
    { next: 'Make a new plan. Nothing was dropped.', facts: { slot, slotName } },
  );
}

function refuseChanged({ type, unmoved }: DropParams, slot: SlotFacts): void {
  if (slot.type !== type) {
    throw new ProblemError('plan-void', `the slot ${slot.name} was ${type} and is ${slot.type}`, {
      next: 'Make a new plan. Nothing was dropped.',
    });
  }
  if (unmoved === null || unmoved.restartLsn === slot.restartLsn) return;
  // Invalidation (max_slot_wal_keep_size) takes the position away: nobody has moved it.
  if (slot.restartLsn === null) return;
  throw new ProblemError(
    'plan-void',
    `the slot ${slot.name} kept WAL from ${unmoved.restartLsn ?? 'nowhere'} when the plan was made, and from ${slot.restartLsn} now: somebody reads WAL through it again`,
    {
      next: 'See GET /v1/servers/{name}/window for its state; if it still must go, make a new plan. Nothing was dropped.',
      facts: { slot: slot.name, planned: unmoved.restartLsn, found: slot.restartLsn },
    },
  );
}

export function inUse({ name, usedBy }: SlotFacts): ProblemError {
  const who = usedBy
    ? `${usedBy.applicationName || 'process'} ${usedBy.pid} as ${usedBy.userName ?? 'an unknown user'}, from ${usedBy.address ?? 'this host'}`
    : 'somebody';
  return new ProblemError('slot-in-use', `the slot ${name} is in use by ${who}`, {
    next: 'End what uses it, then make a new plan. The slot was not dropped; live goes on as it is.',
    facts: { slot: name, usedBy: usedBy && { ...usedBy } },
  });
}
