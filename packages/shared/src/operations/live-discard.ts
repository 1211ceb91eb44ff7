import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs, minuteMs } from './contract.ts';

/**
 * Deletes what the stopped live consists of, where there is no room for a copy beside it: its directories, what PostgreSQL has in its
 * tablespaces, its WAL. Refuses unless this plan has stopped it and saved the WAL that Barman lacks. Configuration in the data
 * directory stays. Only a backup brings it back.
 */
export const liveDiscard = defineContract({
  class: 'D',
  limitMs: 6 * hourMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    /** False when a cluster was not there any more. */
    existed: z.boolean(),
    bytes: z.int(),
  }),
});

/** Whether `live-discard` would be allowed, and would make room enough: asked while live can still be started again. */
export const liveDiscardLook = defineContract({
  class: 'R',
  limitMs: 10 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    /** Of the copy with its WAL, on the filesystem of the data directory. */
    needBytes: z.int().nonnegative(),
  }),
  result: z.strictObject({ bytes: z.int(), freeBytes: z.int() }),
});
