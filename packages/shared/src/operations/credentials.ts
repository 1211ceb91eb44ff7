import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** Names of either list at most; `more` counts the others. */
export const credentialNamesMax = 50;

const names = z.array(z.string()).max(credentialNamesMax);
const params = z.strictObject({ server: serverNameSchema });

/** Which roles would log in differently once the copy is live (T33); names only, no password leaves PostgreSQL's memory and the agent's. */
export const credentialsCompare = defineContract({
  class: 'R',
  limitMs: 5 * minuteMs,
  onCancel: 'stop',
  params,
  result: z.strictObject({
    /** False while live does not answer: then nothing is known. */
    compared: z.boolean(),
    differ: z.boolean(),
    changed: z
      .array(
        z.strictObject({ role: z.string(), what: z.array(z.enum(['password', 'valid-until', 'login', 'rights'])) }),
      )
      .max(credentialNamesMax),
    onlyLive: names,
    onlyCopy: names,
    more: z.int().nonnegative(),
  }),
});

/** Gives the promoted copy the passwords of live, until when they are valid, and who may log in; roles that only one side has stay as they are. */
export const credentialsCarry = defineContract({
  class: 'I',
  limitMs: 5 * minuteMs,
  onCancel: 'finish',
  params: params.extend({
    /** Only roles that Barman connects as. */
    of: z.literal('barman').optional(),
  }),
  result: z.strictObject({ carried: names, more: z.int().nonnegative() }),
});
