import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** Stops live cleanly and keeps anybody from starting it until `live-start`: a hold that survives a reboot. Never in immediate mode. */
export const liveStop = defineContract({
  class: 'I',
  limitMs: 30 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({
    server: serverNameSchema,
    /** How long the stop may take before it is reported. */
    deadlineMs: z
      .int()
      .min(1_000)
      .max(20 * minuteMs),
  }),
  result: z.strictObject({
    wasRunning: z.boolean(),
    /** Of pg_controldata; null when there is no data directory, or a damaged one. */
    state: z.string().nullable(),
    timeline: z.int().nullable(),
    /** Of its last checkpoint's record, which after a clean stop is the last one of its WAL. */
    checkpointLsn: z.string().nullable(),
    seconds: z.number(),
  }),
});

/** Lifts the hold, starts what lies at the live path by its service and waits until it is open for writing. */
export const liveStart = defineContract({
  class: 'I',
  limitMs: 60 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({
    server: serverNameSchema,
    deadlineMs: z
      .int()
      .min(1_000)
      .max(50 * minuteMs),
  }),
  result: z.strictObject({
    wasRunning: z.boolean(),
    pid: z.int(),
    systemIdentifier: z.string(),
    timeline: z.int(),
    lsn: z.string(),
    seconds: z.number(),
  }),
});
