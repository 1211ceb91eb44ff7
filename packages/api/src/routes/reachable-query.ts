import { targetSchema } from '@barback/shared/postgres/target.ts';
import { backupIdSchema } from '@barback/shared/wire/identifiers.ts';
import { z } from 'zod';
import type { PlacedTarget } from '../targets/find-candidates.ts';
import { numberQuery } from './query-parts.ts';

const places = ['time', 'lsn', 'xid', 'name', 'before_transaction'] as const;

const xidQuery = numberQuery(3, 0xffff_ffff);

/** Exactly one place; the rest says which of several is meant. */
export const reachableQuery = z
  .strictObject({
    time: z.string().optional().meta({ description: 'RFC 3339 with offset: the state of that instant' }),
    lsn: z.string().optional().meta({ description: 'As PostgreSQL prints it: 1/760000D8' }),
    xid: xidQuery.optional().meta({ description: 'A transaction' }),
    name: z.string().optional().meta({ description: 'A restore point' }),
    before_transaction: xidQuery.optional().meta({ description: 'The last state without that transaction' }),
    inclusive: z.enum(['true', 'false']).optional().meta({ description: 'Of an LSN or XID; true unless said' }),
    timeline: numberQuery(1, 0xffff_ffff).optional().meta({ description: 'The branch that is meant' }),
    backup: backupIdSchema.optional().meta({ description: 'To start from this backup' }),
  })
  .transform((query, context): { target: PlacedTarget; backup: string | undefined } => {
    const [place, ...more] = places.filter((one) => query[one] !== undefined);
    if (place === undefined || more.length > 0) {
      context.addIssue(`give exactly one of ${places.join(', ')}`);
      return z.NEVER;
    }
    const { inclusive, timeline, backup } = query;
    const isTransaction = place === 'before_transaction';
    const target = targetSchema.safeParse({
      type: isTransaction ? 'before-transaction' : place,
      [isTransaction ? 'xid' : place]: query[place],
      ...(inclusive === undefined ? {} : { inclusive: inclusive === 'true' }),
      ...(timeline === undefined ? {} : { timeline }),
    });
    for (const { message, path } of target.error?.issues ?? [])
      context.addIssue({ code: 'custom', message, path: [...path] });
    if (!target.success || target.data.type === 'immediate' || target.data.type === 'latest') return z.NEVER;
    return { target: target.data, backup };
  });
