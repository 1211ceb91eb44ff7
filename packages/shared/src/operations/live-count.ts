import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';
import { tableCountSchema } from './scratch-probe.ts';

/** Counts the rows of every table of the live cluster with the same read-only question that the copy is asked (T15). */
export const liveCount = defineContract({
  class: 'A',
  limitMs: 6 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema, statementTimeoutMs: z.int().min(100) }),
  result: z.strictObject({ available: z.boolean(), tables: z.array(tableCountSchema) }),
});
