import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';

/** `CHECKPOINT` on live, after which it removes the WAL that nobody needs any more. */
export const liveCheckpoint = defineContract({
  class: 'A',
  limitMs: hourMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({ walBytesBefore: z.int(), walBytesAfter: z.int() }),
});
