import { z } from 'zod';
import { backupIdSchema, serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** How many files and directories a restore of a backup will make: Barman does not say, so they are counted. */
export const backupFiles = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema, backupId: backupIdSchema }),
  /** Null when they cannot be counted: not readable, not there, or too many for one answer. */
  result: z.strictObject({ files: z.int().nonnegative().nullable() }),
});
