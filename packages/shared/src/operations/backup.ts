import { z } from 'zod';
import { backupIdSchema } from '../wire/identifiers.ts';

/** One backup as Barman's catalogue describes it; times in microseconds since 1970, sizes in bytes. */
export const backupSchema = z.strictObject({
  id: backupIdSchema,
  status: z.string(),
  beginTime: z.int().nullable(),
  endTime: z.int().nullable(),
  timeline: z.int().nullable(),
  beginLsn: z.string().nullable(),
  endLsn: z.string().nullable(),
  beginWal: z.string().nullable(),
  endWal: z.string().nullable(),
  sizeBytes: z.int().nullable(),
  postgresVersionNum: z.int().nullable(),
  tablespaces: z.array(z.strictObject({ name: z.string(), oid: z.int(), location: z.string() })),
  /** `-`, `OBSOLETE`, `KEEP:FULL` … as Barman prints it. */
  retention: z.string(),
  manifest: z.enum(['present', 'absent', 'unknown']),
  /** Of the cluster that was backed up; null where Barman does not say. */
  systemIdentifier: z.string().nullable(),
  /** Why Barback cannot restore it; empty when it can (T11). */
  unsupportedReasons: z.array(z.string()),
});

export type Backup = z.infer<typeof backupSchema>;
