import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { backupSchema } from './backup.ts';
import { defineContract, minuteMs } from './contract.ts';
import { commitSchema } from './mirror.ts';

/** What a box holds of a server, as Barman reads the catalogue that lies there. Only that is fetched. */
export const mirrorCatalogue = defineContract({
  class: 'R',
  limitMs: 3 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    /** user@host:directory */
    source: z.string(),
    /** When its manifest was written: RFC 3339 UTC. */
    mirroredAt: z.string(),
    /** It holds every commit up to this one; null when none was known. */
    newestCommit: commitSchema.nullable(),
    /** The branch that was live then (T41); null when it was not known. */
    liveTimeline: z.int().nullable(),
    /** Of Barman on this host. */
    barmanVersion: z.string(),
    backups: z.array(backupSchema),
    histories: z.array(
      z.strictObject({
        timeline: z.int(),
        ancestors: z.array(z.strictObject({ timeline: z.int(), switchLsn: z.string(), reason: z.string() })),
      }),
    ),
    segmentBytes: z.int(),
    /** Everything that is final, and of that what a restore of each backup needs. */
    files: z.int(),
    bytes: z.int(),
    needed: z.array(z.strictObject({ backupId: z.string(), bytes: z.int() })),
  }),
});
