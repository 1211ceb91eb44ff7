import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';

/** Deletes the plan's scratch directory, tablespaces included, and nothing else. */
export const scratchDiscard = defineContract({
  class: 'D',
  limitMs: 6 * hourMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({ existed: z.boolean() }),
});
