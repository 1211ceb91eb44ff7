import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { backupSchema } from './backup.ts';
import { defineContract, minuteMs } from './contract.ts';

/** Every backup of the server in Barman's catalogue, newest first. */
export const backupList = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({ backups: z.array(backupSchema) }),
});
