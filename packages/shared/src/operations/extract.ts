import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs, minuteMs } from './contract.ts';
import { probeSchema } from './scratch-probe.ts';
import { tableNameSchema } from './table-compare.ts';

/** A schema that is made on live; without quotes, so that everybody can type it. */
export const extractSchemaSchema = z
  .string()
  .regex(/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/, 'expected a name of a-z, 0-9 and _ that does not begin with pg_');

export const extractTablesSchema = z.array(tableNameSchema).min(1).max(20);

const countedSchema = z.strictObject({ table: z.string(), rows: z.int().nonnegative() });

/** Refuses before anything is copied what the load would refuse behind it. */
export const extractCheck = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    database: probeSchema.shape.database,
    schema: extractSchemaSchema,
  }),
  result: z.strictObject({}),
});

/** Dumps tables of the promoted copy into a file that stays when the copy goes (T37). */
export const extractDump = defineContract({
  class: 'A',
  limitMs: 24 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    database: probeSchema.shape.database,
    tables: extractTablesSchema,
    /** Where they are to be loaded on live; null: they keep their schemas. */
    schema: extractSchemaSchema.nullable(),
  }),
  result: z.strictObject({
    /** Custom format of pg_dump, 0600, in a directory of its own beside the data directory. */
    file: z.string(),
    bytes: z.int().nonnegative(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    tables: z.array(countedSchema),
    /** What the tables had and the dump has not: it leads out of them, to what live may not have. */
    leftOut: z.array(z.string()),
  }),
});

/** Loads the plan's dump into a new schema of live, all of it or nothing, and counts the rows. */
export const extractLoad = defineContract({
  class: 'A',
  limitMs: 24 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    database: probeSchema.shape.database,
    schema: extractSchemaSchema,
  }),
  result: z.strictObject({ schema: z.string(), tables: z.array(countedSchema) }),
});

/** Deletes the plan's dump, and the schema that it has begun to load. */
export const extractDiscard = defineContract({
  class: 'D',
  limitMs: hourMs,
  onCancel: 'finish',
  params: z.strictObject({
    server: serverNameSchema,
    database: probeSchema.shape.database,
    schema: extractSchemaSchema.nullable(),
  }),
  result: z.strictObject({ existed: z.boolean(), schemaDropped: z.boolean() }),
});
