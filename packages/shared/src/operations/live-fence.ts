import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

const params = z.strictObject({ server: serverNameSchema });

const sessionSchema = z.strictObject({ pid: z.int(), role: z.string().nullable(), application: z.string() });

/**
 * Lets nobody into live but its local superuser and Barman: first lines of pg_hba.conf, and every other session ended. Survives a
 * crash and a reboot until `live-unfence`; while live is stopped only the lines are written.
 */
export const liveFence = defineContract({
  class: 'I',
  limitMs: 5 * minuteMs,
  onCancel: 'finish',
  params,
  result: z.strictObject({
    hbaFile: z.string(),
    exempt: z.array(z.string()),
    /** Those that were ended. */
    ended: z.array(sessionSchema),
    /** Commits of others may have happened until then; microseconds since 1970, null while live is stopped. */
    closedAt: z.int().nullable(),
  }),
});

/** Takes the fence away, whoever set it; without one nothing changes. */
export const liveUnfence = defineContract({
  class: 'I',
  limitMs: 2 * minuteMs,
  onCancel: 'finish',
  params,
  result: z.strictObject({ wasFenced: z.boolean(), openedAt: z.int().nullable() }),
});
