import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';

/**
 * Reads the large files of the copy once, so that the kernel has them in memory when it is live; at a bounded rate and lowest priority,
 * up to half of the host's memory. What hinders it is told and no failure.
 */
export const scratchWarm = defineContract({
  class: 'A',
  limitMs: 12 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema, kiloBytesPerSecond: z.int().positive() }),
  result: z.strictObject({
    bytes: z.int(),
    /** Of all files of a mebibyte or more. */
    ofBytes: z.int(),
    /** Why not all of it was read; null when it was. */
    hindrance: z.string().nullable(),
    seconds: z.number(),
  }),
});
