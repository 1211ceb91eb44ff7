import { targetSchema } from '@barback/shared/postgres/target.ts';
import { backupIdSchema, serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { z } from 'zod';
import { scenarios, type ScenarioName } from '../scenarios/index.ts';

/** What an operator asks for; everything else is decided by the planner and shown in the plan. */
export const planRequestSchema = z
  .strictObject({
    server: serverNameSchema,
    scenario: z.enum(Object.keys(scenarios) as [ScenarioName, ...ScenarioName[]]),
    target: targetSchema,
    /** A backup instead of the planner's choice: the newest usable one that ends before the target on its timeline path. */
    backup: backupIdSchema.optional(),
    options: scenarios.drill.options.prefault({}),
  })
  .meta({ id: 'PlanRequest' });

export type PlanRequest = z.output<typeof planRequestSchema>;
