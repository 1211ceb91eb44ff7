import { z } from 'zod';
import { backupIdSchema, serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

const params = z.strictObject({ server: serverNameSchema, backupId: backupIdSchema });

/** Keeps the backup from retention (`barman keep`) while a plan depends on it; what was kept before is recorded (T9). */
export const backupLease = defineContract({
  class: 'I',
  limitMs: 2 * minuteMs,
  onCancel: 'finish',
  params,
  result: z.strictObject({ previous: z.enum(['none', 'full', 'standalone']), leases: z.int().positive() }),
});

/** Ends this plan's lease; the last one restores the keep that the operator had. */
export const backupRelease = defineContract({
  class: 'I',
  limitMs: 2 * minuteMs,
  onCancel: 'finish',
  params,
  result: z.strictObject({ restored: z.enum(['none', 'full', 'standalone']), leases: z.int().nonnegative() }),
});
