import { backupSchema } from '@barback/shared/operations/backup.ts';
import { targetSchema } from '@barback/shared/postgres/target.ts';
import { jsonSchema } from '@barback/shared/wire/json.ts';
import { z } from 'zod';
import type { Step } from '../scenarios/step.ts';

/** Something about the world that a restore would trip over, found before anything is touched. */
export const findingSchema = z
  .strictObject({
    code: z.string(),
    severity: z.enum(['blocking', 'confirm', 'warning', 'info']),
    title: z.string(),
    detail: z.string(),
    remedy: z.string(),
  })
  .meta({ id: 'Finding' });

export type Finding = z.infer<typeof findingSchema>;

/** What a server is expected to do and what "looks sensible" means for it. */
export const serverSettingsSchema = z
  .strictObject({
    rtoSeconds: z.int().positive().nullable().default(null),
    rpoSeconds: z.int().positive().nullable().default(null),
    rowLossPercentMax: z.number().min(0).max(100).nullable().default(null),
    tablesMin: z.int().nonnegative().nullable().default(null),
    /** Approvals that a plan of a scenario needs before it may start. */
    approvals: z.record(z.string(), z.int().min(0).max(5)).default({}),
  })
  .meta({ id: 'ServerSettings' });

export type ServerSettings = z.infer<typeof serverSettingsSchema>;

/** The frozen plan: these bytes are stored, hashed and executed. Times are RFC 3339 UTC. */
export const planDocumentSchema = z.strictObject({
  format: z.literal(1),
  id: z.string(),
  server: z.string(),
  agent: z.string(),
  scenario: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
  createdBy: z.string(),
  target: targetSchema,
  timeline: z.int(),
  backup: backupSchema,
  options: jsonSchema,
  findings: z.array(findingSchema),
  predictions: z.strictObject({
    scratchBytes: z.int(),
    walBytes: z.int().nullable(),
    /** From earlier drills of this server; null when there is none. */
    seconds: z.number().nullable(),
  }),
  approvalsRequired: z.int(),
  settings: serverSettingsSchema,
  systemIdentifier: z.string().nullable(),
  postgresVersionNum: z.int().nullable(),
  barmanVersion: z.string(),
  steps: z.array(z.custom<Step>((value) => typeof value === 'object' && value !== null)),
});

export type PlanDocument = z.infer<typeof planDocumentSchema>;
