import { targetSchema } from '@barback/shared/postgres/target.ts';
import { problemSchema } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { transactionSchema } from './transaction-schema.ts';

const instant = z.string().meta({ description: 'RFC 3339 UTC', example: '2026-11-22T12:00:00.123456Z' });

const intervalSchema = z
  .strictObject({
    timeline: z.int(),
    /** Whether live's own history left this timeline before the interval ends. */
    abandoned: z.boolean(),
    from: z.strictObject({
      lsn: z.string(),
      /** The end of the oldest backup; null where the interval begins with the timeline. */
      time: instant.nullable(),
    }),
    to: z.strictObject({ lsn: z.string(), lastCommit: transactionSchema.nullable() }),
    /** `end`: of what Barman holds. Otherwise a hole, or WAL that was not read yet. */
    ends: z.enum(['end', 'missing', 'unreadable', 'unread']),
    backups: z.array(z.string()),
  })
  .meta({ id: 'Interval' });

const holeSchema = z
  .strictObject({
    timeline: z.int(),
    first: z.string(),
    last: z.string(),
    /** `given-up`: a new baseline went on behind it, because the slot that kept it was dropped. */
    cause: z.enum(['missing', 'given-up', 'truncated', 'undecompressable', 'damaged', 'foreign', 'history-missing']),
    detail: z.string(),
  })
  .meta({ id: 'Hole' });

const timelineSchema = z
  .strictObject({
    timeline: z.int(),
    /** Null for the first, and where the history is missing. */
    parent: z.int().nullable(),
    switchLsn: z.string().nullable(),
    reason: z.string().nullable(),
    /** Whether live is on it, or came from it. */
    onLivePath: z.boolean(),
  })
  .meta({ id: 'Timeline' });

const restorePointSchema = z
  .strictObject({ name: z.string(), timeline: z.int(), lsn: z.string(), target: targetSchema })
  .meta({ id: 'RestorePoint' });

const rpoSchema = z
  .strictObject({
    /** The newest commit that Barman holds on live's own history. */
    newestCommit: transactionSchema.nullable(),
    /** Its age; an idle database loses nothing with it. */
    ageSeconds: z.number().nullable(),
    /** WAL and commits that only live has; null while live does not answer. */
    notHeldBytes: z.int().nullable(),
    notHeldCommits: z.int().nullable(),
    /** WAL that live keeps for each replication slot; null while live does not answer. */
    slots: z
      .array(z.strictObject({ name: z.string(), active: z.boolean(), retainedBytes: z.int().nullable() }))
      .nullable(),
  })
  .meta({ id: 'Rpo' });

export const windowSchema = z
  .strictObject({
    server: z.string(),
    /** When the agent last looked, and why it cannot now. */
    observedAt: instant.nullable(),
    problem: problemSchema.nullable(),
    systemIdentifier: z.string().nullable(),
    live: z.strictObject({ answers: z.boolean(), timeline: z.int().nullable(), lsn: z.string().nullable() }),
    earliest: z.strictObject({ time: instant, lsn: z.string(), backup: z.string() }).nullable(),
    latest: transactionSchema.nullable(),
    intervals: z.array(intervalSchema),
    holes: z.array(holeSchema),
    timelines: z.array(timelineSchema),
    restorePoints: z.array(restorePointSchema),
    backups: z.array(
      z.strictObject({
        id: z.string(),
        timeline: z.int().nullable(),
        endTime: instant.nullable(),
        endLsn: z.string().nullable(),
        /** Why it cannot be restored; empty when it can. */
        reasons: z.array(z.string()),
      }),
    ),
    rpo: rpoSchema,
    /** Segments that the index has read, and that it has still to read; where live was when names of its relations were last read. */
    index: z.strictObject({ segments: z.int(), unread: z.int(), namesLsn: z.string().nullable() }),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Window' });

export type WindowView = z.infer<typeof windowSchema>;
