import { z } from 'zod';
import { idSchema } from './identifiers.ts';
import { jsonSchema } from './json.ts';
import { problemSchema } from './problem.ts';

/** How far a job is; `totalBytes` is null while it is not known. */
export const progressSchema = z.strictObject({
  phase: z.string().max(64),
  bytes: z.int().nonnegative(),
  totalBytes: z.int().nonnegative().nullable(),
  /** Over the last few seconds. */
  bytesPerSecond: z.number().nonnegative(),
  /** Microseconds since 1970. */
  at: z.int(),
});

export type Progress = z.infer<typeof progressSchema>;

/** Derived from the files of the job's directory: never stored. */
const jobStates = ['accepted', 'running', 'succeeded', 'failed', 'cancelled', 'lost'] as const;

export const jobViewSchema = z.strictObject({
  opid: idSchema,
  op: z.string(),
  state: z.enum(jobStates),
  progress: progressSchema.nullable(),
  result: jsonSchema,
  problem: problemSchema.nullable(),
  acceptedAt: z.int(),
  startedAt: z.int().nullable(),
  endedAt: z.int().nullable(),
  /** The receipt that accepted the job, verbatim. */
  firstReceipt: z.string().nullable(),
});

export type JobView = z.infer<typeof jobViewSchema>;
export type JobState = JobView['state'];
