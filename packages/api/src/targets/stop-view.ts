import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import { z } from 'zod';
import { divergence } from '../window/timeline-tree.ts';
import { transactionSchema, transactionView } from '../window/transaction-schema.ts';
import type { WalPicture } from '../window/wal-picture.ts';
import type { Answer } from './resolution.ts';

/** The record at which recovery stops, and the transactions on both sides of it. */
export const stopSchema = z
  .strictObject({
    /** The timeline that the record belongs to. */
    timeline: z.int(),
    /** Whether live's own history left that branch before the stop. */
    abandoned: z.boolean(),
    lsn: z.string(),
    inclusive: z.boolean(),
    lastKept: transactionSchema.nullable(),
    firstUndone: transactionSchema.nullable(),
    /** Behind the stop, although their commit time is not later than the target's. */
    stampedEarlier: z.array(transactionSchema),
  })
  .meta({ id: 'Stop' });

export type StopView = z.infer<typeof stopSchema>;

/** Transactions of live that the restored state does not have, and the time that they span. */
export const lostSchema = z
  .strictObject({ transactions: z.int(), seconds: z.number().nullable() })
  .meta({ id: 'Lost' });

export function stopView(answer: Omit<Answer, 'backup'>, { livePath }: WalPicture): StopView {
  const { candidate, path, lastKept, firstUndone, stampedEarlier } = answer;
  const { timeline, position, inclusive } = candidate;
  return {
    timeline,
    abandoned: livePath !== undefined && position > divergence(path, livePath),
    lsn: lsnFromNumber(position),
    inclusive,
    lastKept: lastKept && transactionView(lastKept),
    firstUndone: firstUndone && transactionView(firstUndone),
    stampedEarlier: stampedEarlier.map(transactionView),
  };
}
