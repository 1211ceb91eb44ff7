import { z } from 'zod';
import { recoveryTargetSchema } from '../postgres/target.ts';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';

/** A committed transaction in the WAL; `time` in microseconds since 1970. */
const transactionSchema = z.strictObject({ xid: z.int(), lsn: z.string(), time: z.int() });

/** What the plan says about the stop, from the commit index: the proof must agree (T17). */
const expectationSchema = z.strictObject({
  /** Begin of the record at which recovery stops. */
  record: z.string(),
  lastKept: transactionSchema.nullable(),
  firstUndone: transactionSchema.nullable(),
  /** Time of the last commit or abort before the stop; null when the plan does not know it. */
  lastEndTime: z.int().nullable(),
});

/** Waits until the copy has replayed to its target and proves where it stopped; "started" is never enough. */
export const scratchReplay = defineContract({
  class: 'I',
  limitMs: 72 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    timeline: z.int().positive(),
    target: recoveryTargetSchema,
    /** Null for the two ends of WAL, `immediate` and `latest`. */
    expect: expectationSchema.nullable(),
  }),
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
