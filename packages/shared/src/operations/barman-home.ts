import { z } from 'zod';
import { backupIdSchema, serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs, minuteMs } from './contract.ts';

const identitySchema = z.strictObject({ device: z.string(), inode: z.string() });

/**
 * Puts what was fetched from the mirror at the place of Barman's own directory of the server, while live is stopped, and keeps the one
 * that was there as `NAME.before-<plan>`: two renames, decided by inode.
 */
export const barmanHomeAdopt = defineContract({
  class: 'D',
  limitMs: 10 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    directory: z.string(),
    /** Null when Barman had none. */
    kept: identitySchema.extend({ path: z.string() }).nullable(),
  }),
});

/** Puts Barman's former directory back, if this plan has taken it away. */
export const barmanHomeReturn = defineContract({
  class: 'D',
  limitMs: 10 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({ returned: z.boolean() }),
});

/**
 * Fetches what the mirror holds besides: WAL first, then the data of the other backups, their entries in the catalogue last (T39). What
 * is here already is neither fetched again nor replaced. Until it has ended nothing is sent to the mirror. What is damaged there is
 * named and left out, a backup as a whole.
 */
export const mirrorBackfill = defineContract({
  class: 'I',
  limitMs: 48 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    /** The one that was restored: what it needs is here. */
    backupId: backupIdSchema,
    bandwidthKBps: z.int().positive().nullable(),
  }),
  result: z.strictObject({
    files: z.int(),
    bytes: z.int(),
    backups: z.int(),
    damaged: z.array(z.string()),
    seconds: z.number(),
  }),
});
