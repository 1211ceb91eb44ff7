import { z } from 'zod';
import { idSchema, serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs, minuteMs } from './contract.ts';

/** A data directory that a plan took from the live path. */
export const keptSchema = z
  .strictObject({
    /** The plan that set it aside. */
    plan: z.string(),
    path: z.string(),
    /** Microseconds since 1970. */
    keptAt: z.int(),
    /** With its tablespaces and its separate pg_wal; null when they were not counted in time. */
    bytes: z.int().nullable(),
    /** Of pg_controldata; null when it cannot be read. */
    state: z.string().nullable(),
    systemIdentifier: z.string().nullable(),
    timeline: z.int().nullable(),
    /** False when it is no longer the directory that was set aside. */
    intact: z.boolean(),
  })
  .meta({ id: 'Kept' });

export type Kept = z.infer<typeof keptSchema>;

export const keptList = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({ kept: z.array(keptSchema) }),
});

/**
 * Lets a kept cluster open on a timeline above every one that was given out (T26): the newest history in its pg_wal, its settings
 * without those of earlier recoveries, and a recovery that ends at once.
 */
export const keptPrepare = defineContract({
  class: 'I',
  limitMs: 10 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema, plan: idSchema }),
  result: z.strictObject({
    timeline: z.int(),
    /** The highest that was given out. */
    highestTimeline: z.int(),
    systemIdentifier: z.string(),
    /** Whether its commits would wait for standbys, none of which follows it: the names are empty until they are set again (T28). */
    synchronous: z.boolean(),
  }),
});

/** Deletes what a plan set aside, tablespaces included, and nothing else. */
export const keptDiscard = defineContract({
  class: 'D',
  limitMs: 6 * hourMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema, plan: idSchema }),
  result: z.strictObject({ existed: z.boolean(), bytes: z.int() }),
});
