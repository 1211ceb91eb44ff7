import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** Waits until somebody is connected to live as a role: what starts an application cannot tell which database it reaches. */
export const liveConnected = defineContract({
  class: 'A',
  limitMs: 20 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    role: z.string().min(1).max(63),
    deadlineMs: z
      .int()
      .min(1_000)
      .max(15 * minuteMs),
  }),
  result: z.strictObject({ sessions: z.int(), seconds: z.number() }),
});
