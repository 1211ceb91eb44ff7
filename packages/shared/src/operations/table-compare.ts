import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';
import { probeSchema } from './scratch-probe.ts';

/** `schema.table` as the catalogue has the names, without quotes. */
export const tableNameSchema = z
  .string()
  .regex(/^[^'\\.\0\n\r]{1,63}\.[^'\\.\0\n\r]{1,63}$/, 'expected schema.table as the catalogue has it');

const sideSchema = z
  .strictObject({
    rows: z.int().nullable(),
    /** The lowest and the highest value of the first column of its primary key, as text; null without one or without rows. */
    first: z.string().nullable(),
    last: z.string().nullable(),
    /** Why there are no numbers: it is not there, or locked. */
    note: z.string().nullable(),
  })
  .meta({ id: 'TableSide' });

/** Rows and key ranges of chosen tables in the copy and in live. */
export const tableCompare = defineContract({
  class: 'R',
  limitMs: 4 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    database: probeSchema.shape.database,
    tables: z.array(tableNameSchema).min(1).max(20),
    statementTimeoutMs: z.int().min(100).max(minuteMs),
  }),
  result: z.strictObject({
    tables: z.array(
      z.strictObject({
        table: z.string(),
        key: z.string().nullable(),
        copy: sideSchema,
        /** Null while live does not answer. */
        live: sideSchema.nullable(),
      }),
    ),
  }),
});
