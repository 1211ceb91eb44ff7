import { setTimeout as sleep } from 'node:timers/promises';
import type { Result } from '@barback/shared/operations/index.ts';
import type { SlotFacts } from '@barback/shared/operations/protection-facts.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { createSlotSql, dropSlotSql, endSenderSql } from '../postgres/slot-sql.ts';
import { monotonicMs } from '../system/clock.ts';
import { requirePlan } from './backup-lease.ts';
import { askJson, liveServer } from './copy-sql.ts';
import type { Call, Handler, Host } from './handler.ts';
import { isOfBarman, readSlot } from './protection.ts';
import { inUse } from './slot-drop.ts';
import { readSlotRecord, writeSlotRecord } from './slot-record.ts';
import { readWalPlaces } from './wal-places.ts';

/** Barman's cron may start receive-wal again, and with create_slot = auto make its slot, between any two of our looks. */
const contestMs = 30_000;
/** A walsender has no name yet in its first moment. */
const strangerMs = 2_000;

const createdSchema = z.strictObject({ restartLsn: z.string() });

/**
 * A slot that live has of an earlier life keeps WAL that Barman has had long ago. Barman itself is not asked to stop receive-wal: it
 * takes seconds for that, and the application waits. Its pg_receivewal ends with the walsender (--no-loop).
 */
export const slotRenew: Handler<'slot-renew'> = {
  async perform(host, _params, call) {
    const plan = requirePlan(call);
    const { slotName: name, receiverName } = await readWalPlaces(host, plan, call);
    if (name === null) return { slot: null, restartLsn: null };
    const startedAt = monotonicMs();
    for (;;) {
      const slot = await readSlot(host, name, call.signal);
      if (slot?.active === true && !isOfBarman(slot, { receiverName })) {
        if (monotonicMs() > startedAt + strangerMs) throw inUse(slot);
        await sleep(50, undefined, { signal: call.signal });
        continue;
      }
      if (slot?.usedBy) await endSender(host, name, slot.usedBy.pid, call);
      if (slot) await drop(host, plan, slot, call);
      const restartLsn = await create(host, name, call);
      if (restartLsn !== undefined) return { slot: name, restartLsn };
      if (monotonicMs() > startedAt + contestMs) throw contested(name);
    }
  },

  /** As for `slot-drop`: what stands under the name is the old slot only if it keeps WAL from the very position that was recorded. */
  async observe(host, _params, call) {
    const plan = requirePlan(call);
    const { slotName: name } = await readWalPlaces(host, plan, call);
    if (name === null) return { is: 'complete', result: { slot: null, restartLsn: null } };
    const record = await readSlotRecord(host, plan, name);
    const slot = await readSlot(host, name, call.signal);
    const isNew = record !== undefined && slot?.restartLsn != null && slot.restartLsn !== record.restartLsn;
    if (!isNew) return { is: 'absent' };
    return { is: 'complete', result: { slot: name, restartLsn: slot.restartLsn } satisfies Result<'slot-renew'> };
  },
};

async function endSender(host: Host, slot: string, pid: number, call: Call): Promise<void> {
  await askJson(liveServer(host), endSenderSql(slot, pid), z.strictObject({ ended: z.boolean() }), call.signal);
}

/** One that was taken or moved meanwhile stays for the next look. */
async function drop(host: Host, plan: string, slot: SlotFacts, call: Call): Promise<void> {
  const { name, type, restartLsn, retainedBytes, walStatus } = slot;
  if (type !== 'physical') {
    throw new ProblemError('plan-void', `Barman's slot ${name} is ${type} on live`, {
      next: 'Give Barman another slot_name. The slot was not dropped; live runs, and Barman does not receive its WAL.',
    });
  }
  await writeSlotRecord(host, plan, { slot: name, seen: { existed: true, restartLsn, retainedBytes, walStatus } });
  const dropped = z.array(z.looseObject({ dropped: z.literal(true) }));
  try {
    await askJson(liveServer(host), dropSlotSql({ name, type, restartLsn }), dropped, call.signal);
  } catch (error) {
    if ((await readSlot(host, name, call.signal))?.active !== true) throw error;
  }
}

/** Undefined when a slot of that name is there. */
async function create(host: Host, name: string, call: Call): Promise<string | undefined> {
  try {
    return (await askJson(liveServer(host), createSlotSql(name), createdSchema, call.signal)).restartLsn;
  } catch (error) {
    if (await readSlot(host, name, call.signal)) return undefined;
    throw error;
  }
}

function contested(slot: string): ProblemError {
  return new ProblemError('slot-in-use', `the slot ${slot} is made again as soon as it is dropped`, {
    next: "Stop Barman's cron, then try again. Live runs; its WAL from the begin of this timeline is kept only once the slot is made anew.",
    facts: { slot },
  });
}
