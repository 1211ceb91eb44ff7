import { operations } from '@barback/shared/operations/index.ts';
import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { targetSchema } from '@barback/shared/postgres/target.ts';
import { jsonSchema } from '@barback/shared/wire/json.ts';
import { z } from 'zod';
import type { Step } from '../scenarios/step.ts';
import type { StoredPlan } from './load-plan.ts';
import { findingSchema } from './plan-document.ts';
import { planState, planStates } from './plan-state.ts';

const instant = z.string().meta({ description: 'RFC 3339 UTC', example: '2026-11-22T12:00:00.123456Z' });

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

export const planViewSchema = z
  .strictObject({
    id: z.string(),
    /** SHA-256 of the frozen bytes: what is approved and started. */
    hash: z.string(),
    server: z.string(),
    scenario: z.string(),
    state: z.enum(planStates),
    createdAt: instant,
    expiresAt: instant,
    createdBy: z.string(),
    backup: z.strictObject({
      id: z.string(),
      endTime: instant.nullable(),
      timeline: z.int().nullable(),
      sizeBytes: z.int().nullable(),
    }),
    target: targetSchema,
    timeline: z.int(),
    options: jsonSchema,
    findings: z.array(findingSchema),
    predictions: z.strictObject({
      scratchBytes: z.int(),
      walBytes: z.int().nullable(),
      seconds: z.number().nullable(),
    }),
    objectives: z.strictObject({ rtoSeconds: z.int().nullable(), rpoSeconds: z.int().nullable() }),
    approvals: z.strictObject({
      required: z.int(),
      given: z.array(z.strictObject({ key: z.string(), at: instant })),
    }),
    steps: z.array(planStepSchema),
    runId: z.string().nullable(),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Plan' });

export type PlanView = z.infer<typeof planViewSchema>;

/** The plan as callers see it. */
export function planView(stored: StoredPlan, now: Micros): PlanView {
  const { document, hash, approvals, runId, expiresAt } = stored;
  const { id, server, backup, settings } = document;
  return {
    id,
    hash,
    server,
    scenario: document.scenario,
    state: planState(document, { runId, approvals: approvals.length, expiresAt, now }),
    createdAt: document.createdAt,
    expiresAt: document.expiresAt,
    createdBy: document.createdBy,
    backup: {
      id: backup.id,
      endTime: backup.endTime === null ? null : formatInstant(backup.endTime),
      timeline: backup.timeline,
      sizeBytes: backup.sizeBytes,
    },
    target: document.target,
    timeline: document.timeline,
    options: document.options,
    findings: document.findings,
    predictions: document.predictions,
    objectives: { rtoSeconds: settings.rtoSeconds, rpoSeconds: settings.rpoSeconds },
    approvals: {
      required: document.approvalsRequired,
      given: approvals.map(({ key, at }) => ({ key, at: formatInstant(at) })),
    },
    steps: document.steps.map(stepView),
    runId,
    links: {
      self: `/v1/plans/${id}`,
      document: `/v1/plans/${id}/document`,
      server: `/v1/servers/${server}`,
      approvals: `/v1/plans/${id}/approvals`,
      runs: `/v1/plans/${id}/runs`,
      ...(runId === null ? {} : { run: `/v1/runs/${runId}` }),
    },
  };
}

function stepView({ name, title, action, inverse }: Step): PlanView['steps'][number] {
  return {
    name,
    title,
    class: action.on === 'agent' ? operations[action.op].class : null,
    on: action.on,
    operation: action.on === 'person' ? null : action.op,
    params: action.on === 'person' ? { ask: action.ask, choices: [...action.choices] } : action.params,
    inverse:
      inverse === undefined
        ? null
        : {
            name: inverse.name,
            title: inverse.title,
            when: inverse.when,
            operation: inverse.action.op,
            params: inverse.action.params,
          },
  };
}
