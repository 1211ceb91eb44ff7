import { targetSchema } from '@barback/shared/postgres/target.ts';
import { serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { z } from 'zod';
import { scenarios } from '../scenarios/index.ts';
import { cronProblem, leavesRoom, timeZoneProblem } from './occurrences.ts';

/** Once a month, in the night of its time zone. */
const monthly = '0 3 1 * *';

const cronSchema = z
  .string()
  .max(120)
  .superRefine((text, context) => {
    const message = cronProblem(text);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });

const timeZoneSchema = z.string().superRefine((text, context) => {
  const message = timeZoneProblem(text);
  if (message !== null) context.addIssue({ code: 'custom', message });
});

const clockSchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'write a time of day such as 22:30');

const quietSchema = z
  .strictObject({ from: clockSchema, to: clockSchema })
  .refine(({ from, to }) => from !== to, 'quiet hours that begin when they end would never end');

/** What a drill restores, decided anew each time it is due. */
export const drillTargetSchema = z
  .union([
    z.strictObject({ type: z.literal('random-instant') }),
    z.strictObject({ type: z.literal('random-backup') }),
    /** Where a restore replays most: just before the end of the backup that comes next. */
    z.strictObject({ type: z.literal('longest-replay') }),
    targetSchema,
  ])
  .meta({ id: 'ScheduledTarget' });

export type DrillTarget = z.output<typeof drillTargetSchema>;

const common = {
  server: serverNameSchema,
  name: z
    .string()
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'write a name such as monthly-drill')
    .max(64),
  /** Minute, hour, day of the month, month, day of the week; in `timeZone`. */
  cron: cronSchema.default(monthly),
  timeZone: timeZoneSchema.default('UTC'),
  /** Begins up to this many minutes later, so that not every server begins at once; the same delay for the same occurrence. */
  jitterMinutes: z.int().min(0).max(1440).default(0),
  /** Times of day at which it does not begin: it waits for their end. */
  quiet: z.array(quietSchema).max(8).refine(leavesRoom, 'there is no minute of the day that is not quiet').default([]),
  paused: z.boolean().default(false),
};

export const scheduleDefinitionSchema = z
  .discriminatedUnion('scenario', [
    z.strictObject({
      ...common,
      scenario: z.literal('drill'),
      target: drillTargetSchema.default({ type: 'latest' }),
      options: scenarios.drill.options.prefault({}),
    }),
    z.strictObject({
      ...common,
      scenario: z.literal('backup'),
      options: scenarios.backup.options.prefault({}),
    }),
    z.strictObject({
      ...common,
      scenario: z.literal('mirror'),
      options: scenarios.mirror.options.prefault({}),
    }),
    z.strictObject({
      ...common,
      scenario: z.literal('restore-from-mirror'),
      options: scenarios['restore-from-mirror'].options.refine(({ rehearsal }) => rehearsal, {
        path: ['rehearsal'],
        message: 'only a rehearsal is done by itself: true, on a host that is thrown away',
      }),
    }),
  ])
  .meta({ id: 'ScheduleDefinition' });

/** What is done when, and what must not be disturbed by it. */
export type ScheduleDefinition = z.output<typeof scheduleDefinitionSchema>;
