import { z } from 'zod';

/** What a plan was made from and must still be so when it is started. */
export const basisSchema = z
  .strictObject({
    /** Of live; null when it did not answer. */
    systemIdentifier: z.string().nullable(),
    /** That live is on; null when it did not answer. */
    timeline: z.int().nullable(),
    backup: z.strictObject({ id: z.string(), status: z.string(), endLsn: z.string().nullable() }),
    segmentBytes: z.int(),
    /** The WAL segments that are needed, by name, from the first to the last in each unbroken stretch. */
    wal: z.array(z.strictObject({ first: z.string(), last: z.string() })),
  })
  .meta({ id: 'PlanBasis' });

export type PlanBasis = z.infer<typeof basisSchema>;
