import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';

/**
 * Makes the indexes of live anew that are ordered by a collation whose version is another one on this host (PostgreSQL 15 and later know): text
 * would be looked for where it is not. Where nothing has changed, nothing is done.
 */
export const liveReindex = defineContract({
  class: 'I',
  limitMs: 48 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    databases: z.array(
      z.strictObject({ name: z.string(), from: z.string().nullable(), to: z.string().nullable(), indexes: z.int() }),
    ),
    seconds: z.number(),
  }),
});
