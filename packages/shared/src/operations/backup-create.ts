import { z } from 'zod';
import { backupIdSchema, serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs, minuteMs } from './contract.ts';

/** Makes a base backup and waits until Barman has all the WAL that it needs (DONE). */
export const backupCreate = defineContract({
  class: 'A',
  limitMs: 48 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    /** Size of the cluster, for the progress; null when it is not known. */
    expectBytes: z.int().nonnegative().nullable(),
    /** Where receive-wal had to run before and may have ended with a server that was started anew; else Barman refuses, and why is told. */
    startReceiving: z.boolean().optional(),
  }),
  result: z.strictObject({
    backupId: backupIdSchema,
    timeline: z.int().nullable(),
    beginWal: z.string().nullable(),
    endLsn: z.string().nullable(),
    /** Microseconds since 1970. */
    endTime: z.int().nullable(),
    sizeBytes: z.int().nullable(),
    seconds: z.number(),
  }),
});

/** Deletes this plan's base backup if it was not finished, and nothing else. */
export const backupDiscard = defineContract({
  class: 'D',
  limitMs: 30 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({ deleted: backupIdSchema.nullable() }),
});
