import { z } from 'zod';
import { slotNameSchema } from '../postgres/slot.ts';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** A replication slot of live, with the walsender that uses it. */
export const slotFactsSchema = z
  .strictObject({
    name: z.string(),
    type: z.enum(['physical', 'logical']),
    active: z.boolean(),
    /** Of a logical one. */
    database: z.string().nullable(),
    /** The oldest WAL that live keeps for it; null while it reserves none, or lost what it had reserved. */
    restartLsn: z.string().nullable(),
    retainedBytes: z.int().nullable(),
    /** `reserved`, `extended`, `unreserved` or `lost`, as in pg_replication_slots. */
    walStatus: z.string().nullable(),
    usedBy: z
      .strictObject({
        pid: z.int(),
        /** Null for a backend that is no walsender. */
        applicationName: z.string().nullable(),
        userName: z.string().nullable(),
        address: z.string().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'SlotFacts' });

export type SlotFacts = z.infer<typeof slotFactsSchema>;

/** How WAL reaches Barman, by its configuration, and what live keeps for whom. */
export const protectionFacts = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    /** `streaming_archiver`: Barman receives WAL as it is written. */
    streaming: z.boolean(),
    /** `archiver`: PostgreSQL's archive_command delivers WAL. */
    archiver: z.boolean(),
    /** `slot_name`; null when Barman streams without a slot, or does not stream. */
    slotName: slotNameSchema.nullable(),
    /** `streaming_archiver_name`: how receive-wal calls itself in pg_stat_replication. */
    receiverName: z.string(),
    /** Null while live does not answer. */
    live: z
      .strictObject({
        timeline: z.int(),
        lsn: z.string(),
        inRecovery: z.boolean(),
        slots: z.array(slotFactsSchema),
        /** Bytes of the files in pg_wal. */
        walBytes: z.int(),
      })
      .nullable(),
  }),
});
