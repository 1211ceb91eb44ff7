import { serverKinds } from '@barback/shared/operations/agent-facts.ts';
import { hostFacts } from '@barback/shared/operations/host-facts.ts';
import { problemSchema } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { currentFindingSchema } from '../readiness/readiness-view.ts';
import { serverSettingsSchema } from '../planner/plan-document.ts';

const lastRunSchema = z.strictObject({
  id: z.string(),
  scenario: z.string(),
  state: z.string(),
  finishedAt: z.string().nullable(),
  rtoSeconds: z.number().nullable(),
});

/** A server as the api knows it, without asking its agent. */
export const serverViewSchema = z
  .strictObject({
    name: z.string(),
    /** `provisioner`: it makes hosts, and has no database. */
    kind: z.enum(serverKinds),
    agentId: z.string(),
    agentUrl: z.string(),
    settings: serverSettingsSchema,
    createdAt: z.string(),
    activeRun: z.string().nullable(),
    lastRun: lastRunSchema.nullable(),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Server' });

export type ServerView = z.infer<typeof serverViewSchema>;

/** The same with what its agent says now; `problem` instead when it does not answer. */
export const serverDetailSchema = serverViewSchema
  .extend({
    observedAt: z.string(),
    facts: hostFacts.result.nullable(),
    problem: problemSchema.nullable(),
    /** What would hurt when it has to be restored, the worst first. */
    findings: z.array(currentFindingSchema),
  })
  .meta({ id: 'ServerDetail' });

export type ServerDetail = z.infer<typeof serverDetailSchema>;
