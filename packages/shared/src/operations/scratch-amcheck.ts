import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';

/** `pg_amcheck` over the promoted copy: `tables` checks heaps and TOAST, `all` B-tree indexes against their heaps too. */
export const scratchAmcheck = defineContract({
  class: 'A',
  limitMs: 48 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema, level: z.enum(['tables', 'all']), jobs: z.int().min(1).max(64) }),
  result: z.strictObject({ level: z.enum(['tables', 'all']), databases: z.int(), relations: z.int() }),
});
