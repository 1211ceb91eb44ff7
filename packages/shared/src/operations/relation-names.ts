import { z } from 'zod';
import { relationFileSchema } from '../postgres/relation-file.ts';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** Relations that one request answers at most. */
export const relationNamesMax = 20_000;

/** Names and files of the live cluster's permanent relations, so that WAL can be told in words. */
export const relationNames = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    /** Goes on behind this database and OID; null begins. */
    after: z.strictObject({ database: z.int(), oid: z.int() }).nullable(),
  }),
  result: z.strictObject({
    /** False while live does not answer: what was learned before stays valid. */
    available: z.boolean(),
    /** Where live's WAL was when the names were read. */
    lsn: z.string().nullable(),
    databases: z.array(z.strictObject({ oid: z.int(), name: z.string() })),
    relations: z.array(
      z.strictObject({
        database: z.int(),
        oid: z.int(),
        /** Null for relations without storage, such as partitioned tables. */
        file: relationFileSchema.nullable(),
        schema: z.string(),
        name: z.string(),
        /** As in pg_class: `r` table, `m` materialized view, `p` partitioned table, `i` index, `t` TOAST, `S` sequence. */
        kind: z.string().length(1),
        /** The table that an index or a TOAST relation belongs to. */
        owner: z.int().nullable(),
        /** The planner's estimate; null when there is none. */
        rows: z.int().nullable(),
      }),
    ),
    /** Catalogues whose file is not named by their OID any more (VACUUM FULL, CLUSTER). */
    catalogues: z.array(z.strictObject({ file: relationFileSchema, oid: z.int() })),
    /** Ask again behind this one; null at the end. */
    next: z.strictObject({ database: z.int(), oid: z.int() }).nullable(),
  }),
});
