import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** Stops the copy if it runs; `state` is what pg_controldata says afterwards, null when there is no data directory. */
export const scratchStop = defineContract({
  class: 'I',
  limitMs: 10 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({ wasRunning: z.boolean(), state: z.string().nullable() }),
});
