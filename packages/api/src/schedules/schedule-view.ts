import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { problemSchema, type Problem } from '@barback/shared/wire/problem.ts';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Reader } from '../db/database.ts';
import { runs } from '../db/schema.ts';
import { firingsOf, type Firing } from './firing-store.ts';
import { scheduleDefinitionSchema } from './schedule-definition.ts';
import type { Schedule } from './schedule-store.ts';

const instant = z.string().meta({ description: 'RFC 3339 UTC', example: '2026-11-22T12:00:00.123456Z' });

const firingSchema = z
  .strictObject({
    dueAt: instant,
    /** Other occurrences that it stands for: they came while it, or the api, could not begin. */
    merged: z.int(),
    /** `waiting` for its turn; `refused`: it could not be planned or started. Otherwise the state of its run. */
    state: z.string(),
    /** How often it was stopped for a restore of live and began again. */
    preempted: z.int(),
    run: z.string().nullable(),
    finishedAt: instant.nullable(),
    problem: problemSchema.nullable(),
  })
  .meta({ id: 'Firing' });

export const scheduleViewSchema = z
  .strictObject({
    id: z.string(),
    definition: scheduleDefinitionSchema,
    createdBy: z.string(),
    createdAt: instant,
    /** Null while it is paused. */
    next: z.strictObject({ dueAt: instant, startsAt: instant }).nullable(),
    /** Newest first. */
    firings: z.array(firingSchema),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Schedule' });

export type ScheduleView = z.infer<typeof scheduleViewSchema>;

export function scheduleView(reader: Reader, schedule: Schedule, firingsMax: number): ScheduleView {
  const { id, definition, createdBy, createdAt, next } = schedule;
  const firings = firingsOf(reader, id, firingsMax).map((one) => firingView(reader, one));
  const newest = firings.find((one) => one.run !== null)?.run;
  return {
    id,
    definition,
    createdBy,
    createdAt: formatInstant(createdAt),
    next: next && { dueAt: formatInstant(next.dueAt), startsAt: formatInstant(next.startsAt) },
    firings,
    links: {
      self: `/v1/schedules/${id}`,
      server: `/v1/servers/${definition.server}`,
      ...(newest === undefined ? {} : { lastRun: `/v1/runs/${newest}` }),
    },
  };
}

function firingView(reader: Reader, firing: Firing): ScheduleView['firings'][number] {
  const run =
    firing.run === null
      ? undefined
      : reader
          .select({ state: runs.state, finishedAt: runs.finishedAt, problem: runs.problem })
          .from(runs)
          .where(eq(runs.id, firing.run))
          .get();
  const finishedAt = run ? run.finishedAt : firing.endedAt;
  const problem = run ? run.problem : firing.problem;
  return {
    dueAt: formatInstant(firing.dueAt),
    merged: firing.merged,
    state: run?.state ?? (firing.state === 'ended' ? 'given up' : firing.state),
    preempted: firing.preempted,
    run: firing.run,
    finishedAt: finishedAt === null ? null : formatInstant(finishedAt),
    problem: problem === null ? null : (JSON.parse(problem) as Problem),
  };
}
