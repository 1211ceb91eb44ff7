import { backupSchema } from '@barback/shared/operations/backup.ts';
import { keptDatabaseSchema } from '@barback/shared/operations/database.ts';
import { operations } from '@barback/shared/operations/index.ts';
import { adoptableFileSchema, differingFileSchema } from '@barback/shared/operations/vault-compare.ts';
import { keptSchema } from '@barback/shared/operations/kept.ts';
import { targetSchema } from '@barback/shared/postgres/target.ts';
import { jsonSchema } from '@barback/shared/wire/json.ts';
import { z } from 'zod';
import { applicationsSchema } from '../integrations/application-settings.ts';
import { smokeSchema } from '../integrations/smoke-settings.ts';
import { lostSchema, stopSchema } from '../targets/stop-view.ts';
import { cutoverBasisSchema } from '../scenarios/cutover-basis.ts';
import { basisSchema } from '../scenarios/plan-basis.ts';
import { plannedSlotsSchema, protectionBasisSchema } from '../scenarios/protection-basis.ts';
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
    /** How long what a run took from the live path is worth its room; then it is warned about, never deleted. */
    keepDays: z.int().min(1).max(365).default(7),
    /** Share of the data directory's filesystem below which what is kept is warned about. */
    diskFreePercentMin: z.number().min(0).max(90).default(15),
    /** Without a drill that succeeded, a base backup that can be restored; null: not watched. */
    drillDays: z.int().min(1).max(400).nullable().default(35),
    backupDays: z.int().min(1).max(400).nullable().default(8),
    /** Age of the mirror; null: not watched, because there is none. */
    mirrorHours: z.number().positive().max(9_600).nullable().default(null),
    /** WAL that live keeps for one replication slot, in MiB; null: not watched. */
    slotRetainedMbMax: z.int().min(1).nullable().default(10_240),
    /** What writes to the database, and is stopped while it is swapped. */
    applications: applicationsSchema.default([]),
    /** What is asked once the database is open again. */
    smoke: smokeSchema.default([]),
  })
  .meta({ id: 'ServerSettings' });

export type ServerSettings = z.infer<typeof serverSettingsSchema>;

const secondsSchema = z
  .strictObject({ median: z.number(), min: z.number(), max: z.number() })
  .meta({ id: 'PredictedSeconds' });

export const predictionsSchema = z
  .strictObject({
    scratchBytes: z.int(),
    walBytes: z.int().nullable(),
    /** Of the whole; null until three runs of the server have shown how long its steps take. */
    seconds: secondsSchema.nullable(),
    steps: z.array(z.strictObject({ step: z.string(), bytes: z.int().nullable(), seconds: secondsSchema.nullable() })),
    /** How long live will be down; 0 for a scenario that does not touch it. */
    outageSeconds: z.number().nullable(),
    /** What a restore of live to this target would undo; null when WAL could not be read for it. */
    lost: lostSchema.nullable(),
    /** How it is taken back. */
    undo: z.string(),
  })
  .meta({ id: 'Predictions' });

export type Predictions = z.infer<typeof predictionsSchema>;

/** What this version writes. It reads all of them, and starts only plans of this one. */
export const planFormat = 3;

/** What a plan of any scenario says. Times are RFC 3339 UTC. */
const frameSchema = z.strictObject({
  format: z.literal([1, 2, planFormat]),
  id: z.string(),
  server: z.string(),
  agent: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
  createdBy: z.string(),
  options: jsonSchema,
  findings: z.array(findingSchema),
  predictions: predictionsSchema,
  approvalsRequired: z.int(),
  settings: serverSettingsSchema,
  systemIdentifier: z.string().nullable(),
  postgresVersionNum: z.int().nullable(),
  barmanVersion: z.string(),
  steps: z.array(z.custom<Step>((value) => typeof value === 'object' && value !== null)),
});

/** What a plan says that restores a backup to a target. */
const copyPlanSchema = frameSchema.extend({
  target: targetSchema,
  timeline: z.int(),
  backup: backupSchema,
  /** Null at the two ends of WAL, `immediate` and `latest`. */
  stop: stopSchema.nullable(),
  /** What must still hold when the plan is started; null in plans of format 1. */
  basis: basisSchema.nullable(),
});

export const drillPlanSchema = copyPlanSchema.extend({ scenario: z.literal('drill') });

/** What a plan says that takes live's place. */
const cutoverPlan = {
  cutover: cutoverBasisSchema,
  /** Names of the applications that are stopped and started, in order. */
  applications: z.array(z.string()),
};

export const pointInTimePlanSchema = copyPlanSchema.extend({
  scenario: z.literal('point-in-time'),
  ...cutoverPlan,
  /** Undone transactions that changed definitions, as far as the index tells them. */
  undoneDdl: z.int(),
});

export const extractPlanSchema = copyPlanSchema.extend({
  scenario: z.literal('extract'),
  database: z.string(),
  tables: z.array(z.string()),
  /** The schema of live that they are loaded into; null: only the dump is made. */
  into: z.string().nullable(),
});

export const undoPlanSchema = frameSchema.extend({
  scenario: z.literal('undo'),
  ...cutoverPlan,
  /** The run whose cutover is taken back. */
  undoes: z.string(),
  kept: keptSchema,
});

export const acceptPlanSchema = frameSchema.extend({
  scenario: z.literal('accept'),
  /** The run whose kept directory is deleted. */
  accepts: z.string(),
  kept: keptSchema,
});

export const backupPlanSchema = frameSchema.extend({ scenario: z.literal('backup'), basis: protectionBasisSchema });

export const rebaselinePlanSchema = frameSchema.extend({
  scenario: z.literal('rebaseline'),
  basis: protectionBasisSchema,
  slots: plannedSlotsSchema,
});

export const mirrorPlanSchema = frameSchema.extend({
  scenario: z.literal('mirror'),
  /** What Barman was known to hold when the plan was made. */
  holds: z.strictObject({
    newestCommit: z.strictObject({ xid: z.int(), lsn: z.string(), time: z.string() }).nullable(),
    liveTimeline: z.int().nullable(),
  }),
});

export const restoreFromMirrorPlanSchema = frameSchema.extend({
  scenario: z.literal('restore-from-mirror'),
  ...cutoverPlan,
  backup: backupSchema,
  /** The branch that is restored, to its end. */
  timeline: z.int(),
  /** What the box held when the plan was made. */
  mirror: z.strictObject({
    source: z.string(),
    mirroredAt: z.string(),
    newestCommit: z.strictObject({ xid: z.int(), lsn: z.string(), time: z.string() }).nullable(),
    liveTimeline: z.int().nullable(),
    files: z.int(),
    bytes: z.int(),
  }),
  /** Its vault, and which files of the configuration are not here or are others. */
  vault: z.strictObject({
    version: z.string().nullable(),
    // Without a diff before they were shown.
    configuration: z.array(differingFileSchema.extend({ diff: differingFileSchema.shape.diff.default(null) })),
    /** Files that the run writes; none in plans from before there were any. */
    adopted: z.array(adoptableFileSchema).default([]),
  }),
});

export const standbyImportPlanSchema = frameSchema.extend({
  scenario: z.literal('standby-import'),
  /** The name of the source in the agent's configuration, and what it was when the plan was made. */
  import: z.string(),
  source: operations['import-look'].result.shape.source
    .pick({
      host: true,
      port: true,
      database: true,
      role: true,
      version: true,
      sizeBytes: true,
      tables: true,
    })
    .extend({
      /** Of a plain dump; null for a server, and in plans from before there were any others. */
      sha256: z.string().nullable().default(null),
    }),
  validUntil: z.string().nullable(),
  /** What is replaced. */
  into: z.strictObject({ database: z.string(), oid: z.int(), sizeBytes: z.int().nullable(), role: z.string() }),
  applications: z.array(z.string()),
});

export const importUndoPlanSchema = frameSchema.extend({
  scenario: z.literal('import-undo'),
  /** The run whose exchange of names is taken back. */
  undoes: z.string(),
  kept: keptDatabaseSchema,
  applications: z.array(z.string()),
});

export const importAcceptPlanSchema = frameSchema.extend({
  scenario: z.literal('import-accept'),
  /** The run whose kept database is dropped. */
  accepts: z.string(),
  kept: keptDatabaseSchema,
});

export const provisionPlanSchema = frameSchema.extend({
  scenario: z.literal('provision'),
  replaces: z.string(),
  /** Whose agent had it when the plan was made. */
  oldAgent: z.string(),
  /** What is approved; null: the host is made by hand. */
  // Plans from before the refresh was asked have nothing that it found.
  terraform: operations['provision-look'].result.extend({ gone: z.array(z.string()).default([]) }).nullable(),
});

/** The frozen plan: these bytes are stored, hashed and executed. */
export const planDocumentSchema = z.discriminatedUnion('scenario', [
  drillPlanSchema,
  pointInTimePlanSchema,
  extractPlanSchema,
  undoPlanSchema,
  acceptPlanSchema,
  backupPlanSchema,
  rebaselinePlanSchema,
  mirrorPlanSchema,
  restoreFromMirrorPlanSchema,
  standbyImportPlanSchema,
  importUndoPlanSchema,
  importAcceptPlanSchema,
  provisionPlanSchema,
]);

export type DrillPlan = z.infer<typeof drillPlanSchema>;
export type PointInTimePlan = z.infer<typeof pointInTimePlanSchema>;
export type ExtractPlan = z.infer<typeof extractPlanSchema>;
export type UndoPlan = z.infer<typeof undoPlanSchema>;
export type AcceptPlan = z.infer<typeof acceptPlanSchema>;
export type BackupPlan = z.infer<typeof backupPlanSchema>;
export type RebaselinePlan = z.infer<typeof rebaselinePlanSchema>;
export type MirrorPlan = z.infer<typeof mirrorPlanSchema>;
export type RestoreFromMirrorPlan = z.infer<typeof restoreFromMirrorPlanSchema>;
export type StandbyImportPlan = z.infer<typeof standbyImportPlanSchema>;
export type ImportUndoPlan = z.infer<typeof importUndoPlanSchema>;
export type ImportAcceptPlan = z.infer<typeof importAcceptPlanSchema>;
export type ProvisionPlan = z.infer<typeof provisionPlanSchema>;
export type PlanDocument = z.infer<typeof planDocumentSchema>;
