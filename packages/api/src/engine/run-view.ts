import { progressSchema } from '@barback/shared/wire/job.ts';
import { jsonSchema } from '@barback/shared/wire/json.ts';
import { problemSchema } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { lostSchema } from '../targets/stop-view.ts';

const instant = z.string().meta({ description: 'RFC 3339 UTC', example: '2026-11-22T12:00:00.123456Z' });

const stepViewSchema = z
  .strictObject({
    name: z.string(),
    title: z.string(),
    state: z.enum(['pending', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'skipped']),
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
    /** How often it was tried. */
    attempts: z.int().nonnegative(),
    progress: progressSchema
      .extend({
        at: instant,
        /** Until the phase has moved all its bytes, at the rate of the last few seconds; null: not known. */
        secondsLeft: z.number().nullable(),
      })
      .nullable(),
    result: jsonSchema,
    error: problemSchema.nullable(),
    /** Whether it puts something back that an earlier step began. */
    cleanup: z.boolean(),
  })
  .meta({ id: 'StepView' });

const gateViewSchema = z
  .strictObject({
    name: z.string(),
    ask: z.string(),
    choices: z.array(z.string()),
    openedAt: instant,
    deadline: instant,
    atDeadline: z.string(),
  })
  .meta({ id: 'GateView' });

/** What waiting costs; each part is null while it is not known. */
const waitingSchema = z
  .strictObject({
    /** Since the last transaction that the restore keeps. */
    secondsSinceTarget: z.number().nullable(),
    /** What the restore would undo if it took live's place now. */
    undone: lostSchema.nullable(),
    /** Of the data directory's filesystem. */
    disk: z
      .strictObject({
        freeBytes: z.int(),
        floorBytes: z.int(),
        /** At the rate since the run began; null while it does not shrink. */
        secondsToFloor: z.number().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'Waiting' });

export const runViewSchema = z
  .strictObject({
    id: z.string(),
    planId: z.string(),
    server: z.string(),
    scenario: z.string(),
    state: z.enum(['queued', 'running', 'waiting', 'needs_operator', 'succeeded', 'failed', 'cancelled']),
    liveDatabase: z.enum(['old-running', 'old-stopped', 'new-running', 'new-stopped', 'down', 'unknown']),
    liveDatabaseAt: instant.nullable(),
    createdAt: instant,
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
    startedBy: z.string(),
    cancelRequestedAt: instant.nullable(),
    undoneBy: z.string().nullable(),
    /** The restore of live that it was stopped for. */
    preemptedBy: z.string().nullable(),
    steps: z.array(stepViewSchema),
    /** The gate that waits for a person now. */
    gate: gateViewSchema.nullable(),
    /** Of a restore of live that waits at a gate, when this one run is asked for. */
    waiting: waitingSchema.nullable(),
    result: jsonSchema,
    problem: problemSchema.nullable(),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Run' });

export type RunView = z.infer<typeof runViewSchema>;
export type StepView = z.infer<typeof stepViewSchema>;
