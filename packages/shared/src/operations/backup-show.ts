import { z } from 'zod';
import { backupIdSchema, serverNameSchema } from '../wire/identifiers.ts';
import { backupSchema } from './backup.ts';
import { defineContract, minuteMs } from './contract.ts';

/** One backup with everything that Barman knows of it. */
export const backupShow = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema, backupId: backupIdSchema }),
  result: backupSchema,
});
