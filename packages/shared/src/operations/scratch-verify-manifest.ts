import { z } from 'zod';
import { backupIdSchema, serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';

/** Compares every restored file with the backup manifest (`pg_verifybackup`), before anything is started. */
export const scratchVerifyManifest = defineContract({
  class: 'A',
  limitMs: 24 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema, backupId: backupIdSchema }),
  result: z.strictObject({ manifest: z.enum(['verified', 'absent']), files: z.int(), bytes: z.int() }),
});
