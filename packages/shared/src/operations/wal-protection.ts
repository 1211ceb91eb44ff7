import { z } from 'zod';
import { slotFactsSchema } from './protection-facts.ts';

/** What Barman's configuration of the server says, and when its cron was last seen. */
const barmanProtectionSchema = z.strictObject({
  streamingArchiver: z.boolean(),
  archiver: z.boolean(),
  slotName: z.string().nullable(),
  /** `application_name` of receive-wal and of a backup over the streaming protocol. */
  streamingArchiverName: z.string(),
  streamingBackupName: z.string(),
  /** Microseconds since 1970; null when cron never took its lock. */
  cronSeenAt: z.int().nullable(),
  /** False when cron removes its lock file at its end, as `lock_directory_cleanup` makes it: then it cannot be seen. */
  cronLeavesLock: z.boolean(),
});

const archiverSchema = z.strictObject({
  failedCount: z.int(),
  lastFailedWal: z.string().nullable(),
  lastFailedAt: z.int().nullable(),
  lastArchivedAt: z.int().nullable(),
  /** Segments in pg_wal that wait for the archiver. */
  ready: z.int(),
});

const liveProtectionSchema = z.strictObject({
  slots: z.array(slotFactsSchema),
  /** max_slot_wal_keep_size; null when it sets no limit. */
  slotBytesMax: z.int().nullable(),
  /** max_wal_size. */
  walBytesMax: z.int(),
  /** Names of the applications that stream WAL now. */
  walReceivers: z.array(z.string()),
  /** Null with `archive_mode = off`. */
  archiver: archiverSchema.nullable(),
});

/** How WAL gets from live to Barman, as both sides see it; a side that does not answer is null. */
export const walProtectionSchema = z.strictObject({
  barman: barmanProtectionSchema.nullable(),
  live: liveProtectionSchema.nullable(),
});

export type WalProtection = z.infer<typeof walProtectionSchema>;
