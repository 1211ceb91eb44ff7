import { z } from 'zod';
import { recoveryTargetSchema } from '../postgres/target.ts';
import { backupIdSchema, idSchema, serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';
import { scratchRecover } from './scratch-recover.ts';
import { scratchVerifyManifest } from './scratch-verify-manifest.ts';

/**
 * Makes the stopped copy of another plan, which was paused at its target, the copy of this one, and gives it the WAL to a later
 * target: nothing of the backup is copied again.
 */
export const scratchAdopt = defineContract({
  class: 'I',
  limitMs: 12 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    /** The plan whose copy it is. */
    from: idSchema,
    backupId: backupIdSchema,
    timeline: z.int().positive(),
    target: recoveryTargetSchema,
  }),
  result: z.strictObject({
    /** Of the copy as that plan made it, with the WAL that was added for this one. */
    recovered: scratchRecover.result,
    manifest: scratchVerifyManifest.result.nullable(),
  }),
});
