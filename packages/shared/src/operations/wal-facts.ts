import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** Archived files that one request names at most as changed. */
export const changedFilesMax = 10_000;

/** Which file holds a segment: another one under its name differs in one of these. */
const walFileSchema = z.strictObject({
  segment: z.string(),
  bytes: z.int(),
  /** Microseconds since 1970. */
  modifiedAt: z.int(),
  inode: z.string(),
});

const slotSchema = z.strictObject({
  name: z.string(),
  active: z.boolean(),
  /** WAL that live keeps for it; null while it reserves none. */
  retainedBytes: z.int().nullable(),
});

const livePositionSchema = z.strictObject({
  timeline: z.int(),
  lsn: z.string(),
  inRecovery: z.boolean(),
  slots: z.array(slotSchema),
});

const timelineHistorySchema = z.strictObject({
  timeline: z.int(),
  ancestors: z.array(z.strictObject({ timeline: z.int(), switchLsn: z.string(), reason: z.string() })),
});

/** What WAL Barman holds: histories, and per timeline the segments without gaps. */
export const walFacts = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    /** Also look at every archived file and name those that changed since this instant; null: only at their names. */
    changedSince: z.int().nullable(),
  }),
  result: z.strictObject({
    /** The agent's clock when it began to look; microseconds since 1970. */
    time: z.int(),
    segmentBytes: z.int(),
    histories: z.array(timelineHistorySchema),
    unreadableHistories: z.array(z.strictObject({ timeline: z.int(), reason: z.string() })),
    /**
     * Unbroken runs of segments of one timeline in one place, by name. `archived`: in `wals/`. `waiting`: complete, on the way
     * there. `kept`: complete, set aside by a restore of live. `partial`: still being written, or the last one of a timeline that
     * ended.
     */
    runs: z.array(
      z.strictObject({
        timeline: z.int(),
        first: z.string(),
        last: z.string(),
        place: z.enum(['archived', 'waiting', 'kept', 'partial']),
      }),
    ),
    /** Files that are named like segments and are no whole ones. */
    oddFiles: z.array(z.strictObject({ file: z.string(), bytes: z.int() })),
    /** The partial files, by the segment that each is the begin of. */
    partialFiles: z.array(walFileSchema),
    /** Archived files that changed; null when not asked. */
    changed: z.array(walFileSchema).nullable(),
    /** Changes whenever Barman's catalogue of backups does. */
    catalogue: z.string(),
    /** Live's own position; null while it does not answer. */
    live: livePositionSchema.nullable(),
  }),
});
