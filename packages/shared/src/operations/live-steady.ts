import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';

/**
 * Waits until live has run for a time since this plan started it, and says whether it did so without an interruption: neither it nor
 * one of its processes was lost, which makes PostgreSQL end every session. Asked again after one, the time begins anew.
 */
export const liveSteady = defineContract({
  class: 'I',
  limitMs: 49 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema, forMs: z.int().nonnegative() }),
  result: z.strictObject({ seconds: z.number() }),
});
