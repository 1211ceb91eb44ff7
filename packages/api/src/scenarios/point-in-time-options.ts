import { idSchema } from '@barback/shared/wire/identifiers.ts';
import { z } from 'zod';
import { applicationStarts } from './application-steps.ts';
import { credentialsOf } from './credential-steps.ts';
import { cutoverOptions } from './cutover-options.ts';
import { copyOptions } from './copy-options.ts';
import { durationSchema } from './duration.ts';

export const pointInTimeOptionsSchema = z
  .strictObject({
    ...copyOptions,
    /** Wait for a person's word: `paused` at the target, where the transaction that is undone still holds its locks, or `promoted`. */
    inspect: z.enum(['paused', 'promoted']).optional(),
    /** The run whose copy, paused at an earlier target, is replayed further instead of making one; its gate was answered with `hand-over`. */
    adopt: idSchema.optional(),
    /** How long a gate waits before it cancels. */
    inspectFor: durationSchema.default('2h'),
    /**
     * Delete live, stopped and with its WAL saved, before the copy is made: for a disk that has no room for both. Live is down for as
     * long as the copy takes, and there is no undo.
     */
    inPlace: z.boolean().default(false),
    /** Stop the application before the copy is made: nothing is written that the restore undoes, and the outage is as long as the copy takes. */
    stopFirst: z.boolean().default(false),
    /** Wait for a person's word when live is restored and the fence is still on. */
    confirmBeforeOpen: z.boolean().default(false),
    /** Left out: `gate` when the undone transactions hold DDL, because the application's start may run it again; `auto` otherwise. */
    applicationStart: z.enum(applicationStarts).optional(),
    /** Whose passwords the restored cluster has; left out: a person is asked when they differ. */
    credentials: z.enum(credentialsOf).optional(),
    /** Read the copy once at this rate before it takes live's place, so that its first queries find it in memory; left out: not read. */
    warmKBps: z.int().positive().optional(),
    ...cutoverOptions,
  })
  .superRefine((options, context) => {
    if (!options.inPlace) return;
    for (const name of ['adopt', 'inspect', 'confirmBeforeOpen', 'credentials'] as const) {
      if (options[name] === undefined || options[name] === false) continue;
      context.addIssue({
        code: 'custom',
        path: [name],
        message:
          'leave it out with inPlace: live is deleted before the copy is made, so there is nothing to compare with or to go back to',
      });
    }
  })
  .meta({ id: 'PointInTimeOptions' });

export type PointInTimeOptions = z.output<typeof pointInTimeOptionsSchema>;
