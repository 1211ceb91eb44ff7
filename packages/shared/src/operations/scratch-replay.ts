import { z } from 'zod';
import { recoveryTargetSchema } from '../postgres/target.ts';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';

/** A committed transaction in the WAL; `time` in microseconds since 1970. */
const transactionSchema = z.strictObject({ xid: z.int(), lsn: z.string(), time: z.int() });

/** Waits until the copy has replayed to its target and proves where it stopped; "started" is never enough. */
export const scratchReplay = defineContract({
  class: 'I',
  limitMs: 72 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema, timeline: z.int().positive(), target: recoveryTargetSchema }),
  result: z.strictObject({
    /** `promoted`: a target of `latest` has no pause; the copy opened by itself on a timeline of its own. */
    outcome: z.enum(['paused', 'promoted']),
    /** PostgreSQL's log line that proves the stop. */
    evidence: z.string(),
    replayLsn: z.string(),
    timeline: z.int(),
    lastReplayed: transactionSchema.nullable(),
    firstSkipped: transactionSchema.nullable(),
    replayedBytes: z.int(),
  }),
});
