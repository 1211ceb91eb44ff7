import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** What WAL Barman holds, `streaming/` and its `.partial` included: histories, and per timeline the segments without gaps. */
export const walFacts = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    segmentBytes: z.int(),
    histories: z.array(
      z.strictObject({
        timeline: z.int(),
        ancestors: z.array(z.strictObject({ timeline: z.int(), switchLsn: z.string(), reason: z.string() })),
      }),
    ),
    /** Unbroken runs of segments by name; a gap starts a new run. */
    runs: z.array(
      z.strictObject({ timeline: z.int(), first: z.string(), last: z.string(), lastIsPartial: z.boolean() }),
    ),
  }),
});
