import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** Closes live's current WAL segment and waits until Barman has archived it: the proof that WAL arrives. */
export const walSwitch = defineContract({
  class: 'A',
  limitMs: 15 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({ segment: z.string(), seconds: z.number() }),
});
