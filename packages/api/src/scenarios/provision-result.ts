import type { Result } from '@barback/shared/operations/index.ts';
import { z } from 'zod';
import type { TimedAttempt } from '../engine/decide.ts';
import type { Step } from './step.ts';
import { outcomeOf, resultsOf } from './step-results.ts';

/** Who has the server now. */
export const enrolledSchema = z.strictObject({
  server: z.string(),
  agentId: z.string(),
  agentUrl: z.string(),
  agentVersion: z.string(),
});

export interface ProvisionResult {
  readonly planned: Result<'provision-plan'> | null;
  readonly applied: Result<'provision-apply'> | null;
  readonly outputs: Result<'provision-outputs'>['outputs'];
  readonly enrolled: z.infer<typeof enrolledSchema> | null;
}

/** Puts the result together from what the steps answered. Pure. */
export function provisionResult(steps: readonly Step[], attempts: readonly TimedAttempt[]): ProvisionResult {
  const enrolled = enrolledSchema.safeParse(outcomeOf(steps, attempts, 'enrolled'));
  return {
    planned: resultsOf(steps, attempts, 'provision-plan')[0]?.result ?? null,
    applied: resultsOf(steps, attempts, 'provision-apply')[0]?.result ?? null,
    outputs: resultsOf(steps, attempts, 'provision-outputs')[0]?.result.outputs ?? [],
    enrolled: enrolled.success ? enrolled.data : null,
  };
}
