import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** What live's place can be taken with: how its service is controlled, who would be fenced out, and what a copy must have of it. */
export const cutoverFacts = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    /** How PostgreSQL is started and stopped; null when the agent's configuration does not say. */
    service: z.enum(['debian-cluster', 'pg_ctl']).nullable(),
    /** Null when it cannot be found or read. */
    hba: z
      .strictObject({
        file: z.string(),
        /** Roles that a fence lets in: the local superuser and those that Barman connects as. */
        exempt: z.array(z.string()),
        /** Why a fence cannot be made of it; null when it can. */
        unsupported: z.string().nullable(),
      })
      .nullable(),
    /** Who is connected now, besides those that a fence exempts. */
    sessions: z.array(z.strictObject({ role: z.string(), application: z.string(), count: z.int() })),
    /** What a copy that takes live's place is started with; null while live does not answer. */
    settings: z
      .strictObject({
        walLevel: z.enum(['replica', 'logical', 'minimal']),
        trackCommitTimestamp: z.boolean(),
        walLogHints: z.boolean(),
        archiveMode: z.enum(['off', 'on', 'always']),
        maxReplicationSlots: z.int().nonnegative(),
      })
      .nullable(),
    /** Whether a directory beside the data directory lies on its filesystem, so that a rename is enough. */
    besideOnSameFilesystem: z.boolean(),
    /** The plan that the fence and the hold are of, when there are any. */
    fencedBy: z.string().nullable(),
    heldBy: z.string().nullable(),
  }),
});
