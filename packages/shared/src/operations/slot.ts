import { z } from 'zod';
import { lsnPattern } from '../postgres/lsn.ts';
import { slotNameSchema } from '../postgres/slot.ts';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/**
 * Drops a replication slot that nobody uses. Barman's own is taken from receive-wal if need be; another one is left alone while
 * anything uses it.
 */
export const slotDrop = defineContract({
  class: 'D',
  limitMs: 5 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({
    server: serverNameSchema,
    slot: slotNameSchema,
    type: z.enum(['physical', 'logical']),
    /** Whether the plan took it for Barman's own: the agent compares with Barman's configuration. */
    ofBarman: z.boolean(),
    /** The slot as the plan saw it: one that has moved since is in use. Null: it was in use then, by receive-wal. */
    unmoved: z.strictObject({ restartLsn: z.string().regex(lsnPattern).nullable() }).nullable(),
  }),
  result: z.strictObject({
    /** False when there was no such slot any more. */
    existed: z.boolean(),
    /** The oldest WAL that it kept, and how much: what live frees at its next checkpoint. */
    restartLsn: z.string().nullable(),
    retainedBytes: z.int().nullable(),
    walStatus: z.string().nullable(),
  }),
});

/** Creates Barman's replication slot so that it keeps WAL from now on; one that exists is left as it is. */
export const slotCreate = defineContract({
  class: 'I',
  limitMs: 2 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema, slot: slotNameSchema }),
  result: z.strictObject({ created: z.boolean(), restartLsn: z.string().nullable() }),
});
