import { idSchema, serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import type { Progress } from '@barback/shared/wire/job.ts';
import { jsonSchema } from '@barback/shared/wire/json.ts';
import { problemSchema } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';

/** The format of a job's directory that this version writes; a newer one is reported and left alone. */
export const jobFormat = 1;

/** What was asked, complete before the directory has its name. */
export const jobSpecSchema = z.strictObject({
  format: z.literal(jobFormat),
  opid: idSchema,
  op: z.string(),
  params: jsonSchema,
  plan: idSchema,
  step: z.string().nullable(),
  attempt: z.int().nullable(),
  fence: z.int().positive(),
  serverName: serverNameSchema,
  acceptedAt: z.int(),
  /** SHA-256 of what makes two requests the same. */
  digest: z.string(),
});

export type JobSpec = z.infer<typeof jobSpecSchema>;

/** Created exclusively, by the runner as its first effect or by the executor to keep a late runner from beginning. */
export const startedSchema = z.strictObject({
  startedAt: z.int(),
  /** Null: no runner may begin any more. */
  runner: z.strictObject({ pid: z.int().positive(), startTime: z.string(), bootId: z.string() }).nullable(),
});

export type Started = z.infer<typeof startedSchema>;

export const jobResultSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('succeeded'), result: jsonSchema, endedAt: z.int() }),
  z.strictObject({ state: z.enum(['failed', 'cancelled']), problem: problemSchema, endedAt: z.int() }),
]);

export type JobResult = z.infer<typeof jobResultSchema>;

/** The files of a job's directory as they were read. */
export interface JobFiles {
  readonly spec: JobSpec;
  readonly started: Started | undefined;
  readonly progress: Progress | undefined;
  readonly result: JobResult | undefined;
  readonly cancelAsked: boolean;
  readonly firstReceipt: string | undefined;
}

export const jobFileNames = {
  request: 'request.jws',
  spec: 'spec.json',
  receipt: 'receipt.jws',
  started: 'started.json',
  progress: 'progress.json',
  result: 'result.json',
  cancel: 'cancel',
  log: 'job.log',
  runnerOutput: 'runner.log',
} as const;
