import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** `barman check`: each of its checks with its hint. */
export const barmanCheck = defineContract({
  class: 'R',
  limitMs: 2 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    ok: z.boolean(),
    checks: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), hint: z.string() })),
  }),
});
