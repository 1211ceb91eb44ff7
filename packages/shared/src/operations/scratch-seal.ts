import { z } from 'zod';
import { slotNameSchema } from '../postgres/slot.ts';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs, minuteMs } from './contract.ts';

/**
 * Creates Barman's slot on the copy so that it keeps WAL from there on; best while it is paused, before it has a timeline of its own.
 * One that PostgreSQL refuses to make is told: it is made when the copy is live.
 */
export const scratchSlot = defineContract({
  class: 'I',
  limitMs: 5 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema, slot: slotNameSchema }),
  result: z.strictObject({
    reserved: z.boolean(),
    created: z.boolean(),
    restartLsn: z.string().nullable(),
    hindrance: z.string().nullable(),
  }),
});

/**
 * Makes the promoted copy ready to take live's place: checkpoint and clean stop, live's current settings without those of recoveries,
 * nothing left of Barman, live's owner and modes, pg_wal where live has it, everything on disk, held until it is live.
 */
export const scratchSeal = defineContract({
  class: 'I',
  limitMs: 6 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    /** Empties synchronous_standby_names: no standby follows what was restored, and every commit would wait for one (T28). */
    emptySynchronousNames: z.boolean().optional(),
  }),
  result: z.strictObject({
    systemIdentifier: z.string(),
    timeline: z.int(),
    /** Where its last record begins, the checkpoint of the shutdown. */
    checkpointLsn: z.string(),
    files: z.int(),
    /** Names of settings of live's postgresql.auto.conf that were carried over, and those left out. */
    settingsKept: z.array(z.string()),
    settingsLeftOut: z.array(z.string()),
    /** Files of Barman or of backup time that were taken out. */
    removed: z.array(z.string()),
  }),
});
