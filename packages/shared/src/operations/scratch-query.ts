import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';
import { probeResultSchema, probeSchema } from './scratch-probe.ts';

/** One question to the copy while a gate holds it: read-only, as the probe role, at most a minute. */
export const scratchQuery = defineContract({
  class: 'R',
  limitMs: 3 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    probe: probeSchema,
    statementTimeoutMs: z.int().min(100).max(minuteMs),
  }),
  result: z.strictObject({
    /** Whether it is still paused at the target, where the transaction that is undone holds its locks. */
    inRecovery: z.boolean(),
    /** Null when it cannot be asked yet: the probe role is not in the backup and is made only in a promoted copy. */
    answer: probeResultSchema.nullable(),
  }),
});
