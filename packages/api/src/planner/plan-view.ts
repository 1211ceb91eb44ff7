import { keptSchema } from '@barback/shared/operations/kept.ts';
import { operations } from '@barback/shared/operations/index.ts';
import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { targetSchema } from '@barback/shared/postgres/target.ts';
import { type Json } from '@barback/shared/wire/json.ts';
import { z } from 'zod';
import { plannedSlotsSchema, protectionBasisSchema } from '../scenarios/protection-basis.ts';
import type { Step } from '../scenarios/step.ts';
import { stopSchema } from '../targets/stop-view.ts';
import type { StoredPlan } from './load-plan.ts';
import {
  mirrorPlanSchema,
  restoreFromMirrorPlanSchema,
  type DrillPlan,
  type PlanDocument,
  type ExtractPlan,
  type PointInTimePlan,
} from './plan-document.ts';
import { planState } from './plan-state.ts';
import { frameViewSchema as frameSchema, instant } from './plan-view-frame.ts';
import {
  importAcceptViewSchema,
  importUndoViewSchema,
  provisionViewSchema,
  standbyImportViewSchema,
} from './plan-view-kinds.ts';

const backupOfPlan = z.strictObject({
  id: z.string(),
  endTime: instant.nullable(),
  timeline: z.int().nullable(),
  sizeBytes: z.int().nullable(),
});

const copyViewSchema = frameSchema.extend({
  backup: backupOfPlan,
  target: targetSchema,
  timeline: z.int(),
  /** The exact stop; null at the two ends of WAL. */
  stop: stopSchema.nullable(),
});

const drillViewSchema = copyViewSchema.extend({ scenario: z.literal('drill') }).meta({ id: 'DrillPlan' });

const pointInTimeViewSchema = copyViewSchema
  .extend({
    scenario: z.literal('point-in-time'),
    applications: z.array(z.string()),
    /** Undone transactions that changed definitions. */
    undoneDdl: z.int(),
  })
  .meta({ id: 'PointInTimePlan' });

const extractViewSchema = copyViewSchema
  .extend({
    scenario: z.literal('extract'),
    database: z.string(),
    tables: z.array(z.string()),
    /** The schema of live that they are loaded into; null: only the dump is made. */
    into: z.string().nullable(),
  })
  .meta({ id: 'ExtractPlan' });

const undoViewSchema = frameSchema
  .extend({ scenario: z.literal('undo'), undoes: z.string(), kept: keptSchema, applications: z.array(z.string()) })
  .meta({ id: 'UndoPlan' });

const acceptViewSchema = frameSchema
  .extend({ scenario: z.literal('accept'), accepts: z.string(), kept: keptSchema })
  .meta({ id: 'AcceptPlan' });

const backupViewSchema = frameSchema
  .extend({ scenario: z.literal('backup'), protection: protectionBasisSchema })
  .meta({ id: 'BackupPlan' });

const rebaselineViewSchema = frameSchema
  .extend({
    scenario: z.literal('rebaseline'),
    /** How WAL reaches Barman: what must still hold when the plan is started. */
    protection: protectionBasisSchema,
    slots: plannedSlotsSchema,
  })
  .meta({ id: 'RebaselinePlan' });

const mirrorViewSchema = frameSchema
  .extend({ scenario: z.literal('mirror'), holds: mirrorPlanSchema.shape.holds })
  .meta({ id: 'MirrorPlan' });

const restoreFromMirrorViewSchema = frameSchema
  .extend({
    scenario: z.literal('restore-from-mirror'),
    backup: backupOfPlan,
    timeline: z.int(),
    mirror: restoreFromMirrorPlanSchema.shape.mirror,
    vault: restoreFromMirrorPlanSchema.shape.vault,
    applications: z.array(z.string()),
  })
  .meta({ id: 'RestoreFromMirrorPlan' });

export const planViewSchema = z
  .discriminatedUnion('scenario', [
    drillViewSchema,
    pointInTimeViewSchema,
    extractViewSchema,
    undoViewSchema,
    acceptViewSchema,
    backupViewSchema,
    rebaselineViewSchema,
    mirrorViewSchema,
    restoreFromMirrorViewSchema,
    standbyImportViewSchema,
    importUndoViewSchema,
    importAcceptViewSchema,
    provisionViewSchema,
  ])
  .meta({ id: 'Plan' });

/** What a plan of a scenario is about. */
type Subject = Without<z.infer<typeof planViewSchema>, Exclude<keyof z.infer<typeof frameSchema>, 'scenario'>>;
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export type PlanView = z.infer<typeof planViewSchema>;

/** The plan as callers see it. */
export function planView(stored: StoredPlan, now: Micros): PlanView {
  const { document, hash, approvals, runId, expiresAt } = stored;
  const { id, server, settings } = document;
  return {
    id,
    hash,
    server,
    ...subjectOf(document),
    state: planState(document, { runId, approvals: approvals.length, expiresAt, now }),
    createdAt: document.createdAt,
    expiresAt: document.expiresAt,
    createdBy: document.createdBy,
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

function subjectOf(document: PlanDocument): Subject {
  switch (document.scenario) {
    case 'drill':
      return { scenario: document.scenario, ...copySubject(document) };
    case 'point-in-time': {
      const { scenario, applications, undoneDdl } = document;
      return { scenario, ...copySubject(document), applications, undoneDdl };
    }
    case 'extract': {
      const { scenario, database, tables, into } = document;
      return { scenario, ...copySubject(document), database, tables, into };
    }
    case 'undo': {
      const { scenario, undoes, kept, applications } = document;
      return { scenario, undoes, kept, applications };
    }
    case 'accept': {
      const { scenario, accepts, kept } = document;
      return { scenario, accepts, kept };
    }
    case 'standby-import': {
      const { scenario, import: name, source: from, validUntil: until, into: to, applications } = document;
      return { scenario, import: name, source: from, validUntil: until, into: to, applications };
    }
    case 'import-undo': {
      const { scenario, undoes, kept, applications } = document;
      return { scenario, undoes, kept, applications };
    }
    case 'import-accept': {
      const { scenario, accepts, kept } = document;
      return { scenario, accepts, kept };
    }
    case 'mirror':
      return { scenario: document.scenario, holds: document.holds };
    case 'restore-from-mirror': {
      const { scenario, backup, timeline, mirror, vault, applications } = document;
      return { scenario, backup: backupSubject(backup), timeline, mirror, vault, applications };
    }
    case 'provision': {
      const { scenario, replaces, oldAgent, terraform } = document;
      return { scenario, replaces, oldAgent, terraform };
    }
    case 'backup':
      return { scenario: document.scenario, protection: document.basis };
    case 'rebaseline':
      return { scenario: document.scenario, protection: document.basis, slots: document.slots };
  }
}

function copySubject({ target, timeline, stop, backup }: DrillPlan | PointInTimePlan | ExtractPlan) {
  return { backup: backupSubject(backup), target, timeline, stop };
}

function backupSubject({ id, endTime, timeline, sizeBytes }: DrillPlan['backup']): z.infer<typeof backupOfPlan> {
  return { id, endTime: endTime === null ? null : formatInstant(endTime), timeline, sizeBytes };
}

function stepView({ name, title, action, inverse }: Step): PlanView['steps'][number] {
  return {
    name,
    title,
    class: action.on === 'agent' ? operations[action.op].class : null,
    on: action.on,
    operation: action.on === 'person' ? null : action.op,
    params: action.on === 'person' ? { ask: action.ask, choices: [...action.choices] } : (action.params as Json),
    inverse:
      inverse === undefined
        ? null
        : {
            name: inverse.name,
            title: inverse.title,
            when: inverse.when,
            operation: inverse.action.op,
            params: inverse.action.params as Json,
          },
  };
}
