import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';

/** Opens the isolated copy for writing on a timeline of its own; nothing of it reaches Barman (T10, T12). */
export const scratchPromote = defineContract({
  class: 'I',
  limitMs: hourMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({ timeline: z.int(), systemIdentifier: z.string() }),
});
