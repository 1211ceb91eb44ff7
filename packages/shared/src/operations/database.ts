import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs, minuteMs } from './contract.ts';
import { databaseNameSchema } from './import.ts';

/** A database that a plan took from its name; both are told apart by their oids, never by a name. */
export const keptDatabaseSchema = z
  .strictObject({
    /** The plan that has set it aside. */
    plan: z.string(),
    /** What it was called, and what has that name now. */
    replaced: z.string(),
    name: z.string(),
    oid: z.int(),
    sizeBytes: z.int(),
    /** Oid of the one that is called `replaced` now; null: none is. */
    occupant: z.int().nullable(),
    /** Microseconds since 1970. */
    keptAt: z.int(),
  })
  .meta({ id: 'KeptDatabase' });

export type KeptDatabase = z.infer<typeof keptDatabaseSchema>;

export const databaseKept = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({ kept: z.array(keptDatabaseSchema) }),
});

const exchange = {
  server: serverNameSchema,
  /** The name that changes hands. */
  database: databaseNameSchema,
  /** Of the database that has it now. */
  oid: z.int(),
  /** Which one gets it: what this plan has loaded, or what an earlier one has set aside. */
  incoming: z.discriminatedUnion('from', [
    z.strictObject({ from: z.literal('import') }),
    z.strictObject({ from: z.literal('kept'), plan: z.string(), oid: z.int() }),
  ]),
};

/**
 * Lets nobody into either database, ends the sessions of the first, and gives its name to the second by two renames in one transaction.
 * What is replaced is called `<name>_before_<plan>`.
 */
export const databaseSwap = defineContract({
  class: 'D',
  limitMs: 30 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({
    ...exchange,
    deadlineMs: z
      .int()
      .min(1_000)
      .max(20 * minuteMs),
  }),
  result: z.strictObject({ kept: z.string(), sessionsEnded: z.int(), seconds: z.number() }),
});

/** Gives the name back to the database that had it, whether or not it was taken, and lets everybody in who was let in before. */
export const databaseSwapBack = defineContract({
  class: 'D',
  limitMs: 30 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject(exchange),
  result: z.strictObject({ renamed: z.boolean() }),
});

/** Lets everybody into the database that has the name now who was let into the former one. */
export const databaseOpen = defineContract({
  class: 'I',
  limitMs: 5 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject(exchange),
  result: z.strictObject({ databases: z.array(z.string()) }),
});

/** Drops a database that a plan has set aside, and no other. */
export const databaseDiscard = defineContract({
  class: 'D',
  limitMs: hourMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema, plan: z.string(), oid: z.int() }),
  result: z.strictObject({ name: z.string().nullable(), freedBytes: z.int() }),
});
