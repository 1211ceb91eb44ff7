import { z } from 'zod';
import { backupIdSchema, serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';
import { scratchVerifyManifest } from './scratch-verify-manifest.ts';

/**
 * Compares the files that Barman stores of a backup with its manifest, before something is deleted that only this backup can bring
 * back. Those of tablespaces, which Barman keeps elsewhere, are compared after they were restored.
 */
export const backupVerify = defineContract({
  class: 'A',
  limitMs: 24 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema, backupId: backupIdSchema }),
  result: scratchVerifyManifest.result,
});
