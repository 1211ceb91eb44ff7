import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';

/**
 * Gathers statistics in every database of live: what a recovery leaves has none of the counts that autovacuum decides by (15,
 * pgstat.c, pgstat_discard_stats). What hinders it is told and no failure: live is open and restored either way.
 */
export const liveAnalyze = defineContract({
  class: 'I',
  limitMs: 49 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema, withinMs: z.int().min(1_000) }),
  result: z.strictObject({
    complete: z.boolean(),
    /** The last words of the program that was not complete. */
    hindrance: z.string().nullable(),
    seconds: z.number(),
  }),
});
