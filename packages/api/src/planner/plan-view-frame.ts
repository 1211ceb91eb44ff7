import { jsonSchema } from '@barback/shared/wire/json.ts';
import { z } from 'zod';
import { findingSchema, predictionsSchema } from './plan-document.ts';
import { planStates } from './plan-state.ts';

export const instant = z.string().meta({ description: 'RFC 3339 UTC', example: '2026-11-22T12:00:00.123456Z' });

const planStepSchema = z
  .strictObject({
    name: z.string(),
    title: z.string(),
    /** R reads, I establishes a state, A makes something fresh, D destroys; null: not an operation. */
    class: z.enum(['R', 'I', 'A', 'D']).nullable(),
    on: z.enum(['agent', 'api', 'person']),
    operation: z.string().nullable(),
    params: jsonSchema,
    /** What puts the step back, and whether it is done in any case. */
    inverse: z
      .strictObject({
        name: z.string(),
        title: z.string(),
        when: z.enum(['failure', 'always']),
        operation: z.string(),
        params: jsonSchema,
      })
      .nullable(),
  })
  .meta({ id: 'PlanStep' });

/** What a plan of any scenario shows. */
export const frameViewSchema = z.strictObject({
  id: z.string(),
  /** SHA-256 of the frozen bytes: what is approved and started. */
  hash: z.string(),
  server: z.string(),
  state: z.enum(planStates),
  createdAt: instant,
  expiresAt: instant,
  createdBy: z.string(),
  options: jsonSchema,
  findings: z.array(findingSchema),
  predictions: predictionsSchema,
  objectives: z.strictObject({ rtoSeconds: z.int().nullable(), rpoSeconds: z.int().nullable() }),
  approvals: z.strictObject({
    required: z.int(),
    given: z.array(z.strictObject({ key: z.string(), at: instant })),
  }),
  steps: z.array(planStepSchema),
  runId: z.string().nullable(),
  links: z.record(z.string(), z.string()),
});
