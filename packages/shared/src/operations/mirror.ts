import { z } from 'zod';
import { backupIdSchema, serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';

export const commitSchema = z.strictObject({
  xid: z.int(),
  lsn: z.string(),
  /** RFC 3339 UTC. */
  time: z.string(),
});

/** Brings the mirror of the server's backups up to date; what is there already is not sent again. */
export const mirrorPush = defineContract({
  class: 'I',
  limitMs: 48 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    /** Compare contents instead of sizes and times, and so mend what is damaged there: reads everything on both sides. */
    compareContents: z.boolean(),
    /** What Barman was known to hold before: the mirror holds it afterwards. Written into the manifest of the mirror. */
    liveTimeline: z.int().nullable(),
    newestCommit: commitSchema.nullable(),
  }),
  result: z.strictObject({
    /** user@host:directory */
    destination: z.string(),
    /** Regular files that were sent, and their bytes as sent. */
    filesSent: z.int(),
    bytesSent: z.int(),
    /** Everything that the mirror holds. */
    files: z.int(),
    bytes: z.int(),
    /** Bytes whose SHA-256 was not known yet. */
    bytesHashed: z.int(),
    backups: z.array(backupIdSchema),
    seconds: z.number(),
  }),
});

const leftOutSchema = z.strictObject({
  path: z.string(),
  why: z.enum(['secret', 'unreadable', 'too-large', 'too-many']),
});

/**
 * Puts what a new host needs besides Barman's files into the vault of the mirror: configuration, packages, locales, roles. A version of
 * its own whenever something has changed; none is ever deleted.
 */
export const mirrorVault = defineContract({
  class: 'I',
  limitMs: 2 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    /** Also when nothing has changed. */
    anew: z.boolean(),
  }),
  result: z.strictObject({
    /** The name of the newest version: when it was taken, as 20261127T141454Z. */
    version: z.string(),
    /** Whether this call has made it. */
    isNew: z.boolean(),
    files: z.int(),
    bytes: z.int(),
    /** Files whose secrets, or which as a whole, are encrypted to the recipients of the configuration, and so not left out. */
    sealed: z.int(),
    /** Files that the vault does not hold, or not whole; at most 200. */
    leftOut: z.array(leftOutSchema),
    seconds: z.number(),
  }),
});

const damageSchema = z.strictObject({
  path: z.string(),
  is: z.enum(['missing', 'content']),
});

/** Compares what the mirror holds with the hashes that were taken when it was sent: all by the box itself, or some that are fetched. */
export const mirrorCheck = defineContract({
  class: 'A',
  limitMs: 48 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    /** Files that are fetched and hashed here when the box does not hash. */
    sampleMax: z.int().min(1).max(10_000),
  }),
  result: z.strictObject({
    /** `box`: sha256sum ran there, over everything. `fetched`: a sample was fetched and hashed here. */
    how: z.enum(['box', 'fetched']),
    files: z.int(),
    bytes: z.int(),
    /** At most 1000. */
    damaged: z.array(damageSchema),
    damagedFiles: z.int(),
    seconds: z.number(),
  }),
});

/**
 * Fetches what a restore of one backup needs from the mirror: as a Barman home of the plan's own, or as one that becomes Barman's. Of the
 * latter, what an earlier try has brought is not fetched again.
 */
export const mirrorFetch = defineContract({
  class: 'A',
  limitMs: 48 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    backupId: backupIdSchema,
    /** Size of the backup, for the room that it needs. */
    expectBytes: z.int().nonnegative(),
    bandwidthKBps: z.int().positive().nullable(),
    /** It becomes Barman's own, and is of the very state that the plan was made from: when its manifest was written. */
    adopts: z.strictObject({ mirroredAt: z.string() }).optional(),
  }),
  result: z.strictObject({
    files: z.int(),
    bytes: z.int(),
    /** When the manifest of the mirror was written, and what it says that the mirror holds. */
    mirroredAt: z.string(),
    newestCommit: commitSchema.nullable(),
    seconds: z.number(),
  }),
});

/** Deletes what was fetched for the plan, and nothing else. */
export const mirrorDiscard = defineContract({
  class: 'D',
  limitMs: 6 * hourMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({ existed: z.boolean() }),
});
