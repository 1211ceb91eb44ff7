import { z } from 'zod';
import { lsnPattern } from '../postgres/lsn.ts';
import { segmentNamePattern } from '../postgres/segment.ts';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

const lsn = z.string().regex(lsnPattern);

/** Ends of transactions that one request answers at most. */
export const walEndsMax = 100_000;

/** Every COMMIT and ABORT of one segment: the exact transactions around a target. */
export const walEnds = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    timeline: z.int().positive(),
    /** A segment on the timeline's path. */
    segment: z.string().regex(segmentNamePattern),
    /** Also names the first record, of whatever kind, that begins at or after this position. */
    at: lsn.nullable(),
  }),
  result: z.strictObject({
    /** Columns of equal length, in the order of WAL. */
    xids: z.array(z.int()),
    /** Begin of each record, bytes from the begin of the segment. */
    offsets: z.array(z.int()),
    /** Microseconds since 1970. */
    times: z.array(z.int()),
    /** Positions in the columns that are aborts. */
    aborts: z.array(z.int()),
    /** True when there are more than `walEndsMax`. */
    cut: z.boolean(),
    /** Null when `at` was not asked or no record follows. */
    recordAt: lsn.nullable(),
  }),
});
