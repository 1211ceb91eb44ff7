import { z } from 'zod';
import { recoveryTargetSchema } from '../postgres/target.ts';
import { backupIdSchema, serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';

/** `barman recover` into the plan's own scratch directory, then every WAL file the target needs, `.partial` included. */
export const scratchRecover = defineContract({
  class: 'A',
  limitMs: 48 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    backupId: backupIdSchema,
    timeline: z.int().positive(),
    target: recoveryTargetSchema,
    /** Names of the backup's tablespaces: every one of them is relocated. */
    tablespaces: z.array(z.string().min(1).max(63)),
    /** `scratch`, when left out: into the scratch directory. `beside`: each to a new directory beside the one it was backed up from, for good. */
    tablespaceHome: z.enum(['scratch', 'beside']).optional(),
    /** `mirror`: from what `mirror-fetch` has fetched for this plan; left out: from Barman. */
    from: z.literal('mirror').optional(),
    /** Whether what an earlier try of the plan has left is thrown away first; otherwise it is refused. */
    anew: z.boolean().optional(),
    jobs: z.int().min(1).max(64),
    /** Kilobytes per second for Barman's copy; null for no limit. */
    bandwidthKBps: z.int().positive().nullable(),
    expectBytes: z.int().nonnegative(),
  }),
  result: z.strictObject({
    barmanVersion: z.string(),
    bytes: z.int(),
    seconds: z.number(),
    warnings: z.array(z.string()),
    wal: z.strictObject({
      segments: z.int(),
      bytes: z.int(),
      first: z.string().nullable(),
      last: z.string().nullable(),
      partial: z.string().nullable(),
    }),
  }),
});
