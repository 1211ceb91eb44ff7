import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** Differences that one result names at most; the rest is only counted. */
export const differencesMax = 100;

/** Something that copy and live do not have alike; null: it is not there. */
export const differenceSchema = z
  .strictObject({
    what: z.enum(['role', 'password', 'membership', 'database', 'extension']),
    name: z.string(),
    copy: z.string().nullable(),
    live: z.string().nullable(),
  })
  .meta({ id: 'Difference' });

export type Difference = z.infer<typeof differenceSchema>;

/** Compares roles, passwords, memberships, databases and extensions of the open copy with those of live (T19). */
export const scratchCompare = defineContract({
  class: 'A',
  limitMs: 10 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    /** False while live does not answer. */
    available: z.boolean(),
    count: z.int(),
    differences: z.array(differenceSchema).max(differencesMax),
  }),
});
