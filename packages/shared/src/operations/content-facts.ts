import { z } from 'zod';

/** Names that one list of facts has at most; the rest is only counted. */
export const namesMax = 10;

const namedSchema = z.strictObject({ count: z.int(), names: z.array(z.string()).max(namesMax) });

/** What live holds that no copy of it has in the same state. */
export const contentFactsSchema = z.strictObject({
  /** `GID (database DATABASE)`. */
  preparedTransactions: namedSchema,
  /** `DATABASE.SCHEMA.TABLE`. */
  unloggedTables: namedSchema,
  /** `DATABASE.NAME`. */
  publications: namedSchema,
  subscriptions: namedSchema,
  /** Databases that were not looked into for tables and publications, because there are too many or they do not answer. */
  databasesLeftOut: z.int(),
});

export type ContentFacts = z.infer<typeof contentFactsSchema>;
export type Named = z.infer<typeof namedSchema>;
