import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import { z } from 'zod';
import type { ExactEnd } from './index-reader.ts';

/** A committed transaction; `time` as RFC 3339 with microseconds. */
export const transactionSchema = z
  .strictObject({ xid: z.int(), lsn: z.string(), time: z.string() })
  .meta({ id: 'Transaction' });

export type TransactionView = z.infer<typeof transactionSchema>;

export function transactionView({ xid, position, time }: ExactEnd): TransactionView {
  return { xid, lsn: lsnFromNumber(position), time: formatInstant(time) };
}
