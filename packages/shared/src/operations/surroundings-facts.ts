import { z } from 'zod';

/** A program that starts, stops or promotes clusters by itself. */
const haManagerSchema = z.strictObject({
  manager: z.enum(['Patroni', 'repmgrd', 'pg_auto_failover']),
  /** Of its process on this host; null when none runs. */
  pid: z.int().nullable(),
  /** What in the cluster itself says that it is managed; null when nothing does. */
  mark: z.string().nullable(),
  /** Null where it does not say so in a place that can be read. */
  paused: z.boolean().nullable(),
});

const walSenderSchema = z.strictObject({
  applicationName: z.string(),
  state: z.string(),
  slotName: z.string().nullable(),
  /** Whether it decodes WAL for a subscriber. */
  logical: z.boolean(),
  /** WAL that its client has not confirmed; null when it never confirmed any. */
  lagBytes: z.int().nullable(),
  /** Since its client last answered, or connected. */
  silentSeconds: z.number(),
});

/** Who else depends on live or acts on it. */
export const surroundingsFactsSchema = z.strictObject({
  haManagers: z.array(haManagerSchema),
  /** Null while live does not answer. */
  walSenders: z.array(walSenderSchema).nullable(),
});

export type SurroundingsFacts = z.infer<typeof surroundingsFactsSchema>;
