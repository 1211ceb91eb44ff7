import { z } from 'zod';
import { idSchema, serverNameSchema } from '../wire/identifiers.ts';
import { jobViewSchema } from '../wire/job.ts';
import { jsonSchema } from '../wire/json.ts';

/** Requests to the executor itself, not to the host: answered at once, never jobs. */
export const controls = {
  /** Issues the next fence by compare-and-swap; claiming again for the plan that holds it returns the same fence. */
  'server-claim': {
    params: z.strictObject({ server: serverNameSchema, plan: idSchema, expect: z.int().nonnegative() }),
    result: z.strictObject({ fence: z.int().positive() }),
  },
  /** The job as its directory says; waits up to `waitMs` for it to end or, past `progressAt`, for newer progress. */
  'job-status': {
    params: z.strictObject({ opid: idSchema, waitMs: z.int().min(0).max(20_000), progressAt: z.int().nullable() }),
    result: jobViewSchema,
  },
  /** Asks a job to stop: TERM, then KILL, of its programs; a job that must finish finishes first. */
  'job-cancel': { params: z.strictObject({ opid: idSchema }), result: jobViewSchema },
  /** Looks at the world to classify a job whose outcome is unknown. */
  'job-observe': {
    params: z.strictObject({ opid: idSchema }),
    result: z.strictObject({ is: z.enum(['absent', 'complete', 'partial']), result: jsonSchema, facts: jsonSchema }),
  },
} as const;

export type Controls = typeof controls;
export type ControlName = keyof Controls;
export type ControlParams<N extends ControlName> = z.infer<Controls[N]['params']>;
export type ControlResult<N extends ControlName> = z.infer<Controls[N]['result']>;

export function isControlName(name: string): name is ControlName {
  return Object.hasOwn(controls, name);
}
