import { targetSchema } from '@barback/shared/postgres/target.ts';
import { backupIdSchema, serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { z } from 'zod';
import { scenarios } from '../scenarios/index.ts';

export const drillRequestSchema = z
  .strictObject({
    server: serverNameSchema,
    scenario: z.literal('drill'),
    target: targetSchema,
    /** A backup instead of the planner's choice: the newest usable one that ends before the target on its timeline path. */
    backup: backupIdSchema.optional(),
    options: scenarios.drill.options.prefault({}),
  })
  .meta({ id: 'DrillRequest' });

export const pointInTimeRequestSchema = drillRequestSchema
  .extend({
    scenario: z.literal('point-in-time'),
    options: scenarios['point-in-time'].options.prefault({}),
  })
  .meta({ id: 'PointInTimeRequest' });

export const extractRequestSchema = drillRequestSchema
  .extend({ scenario: z.literal('extract'), options: scenarios.extract.options })
  .meta({ id: 'ExtractRequest' });

export const backupRequestSchema = z
  .strictObject({
    server: serverNameSchema,
    scenario: z.literal('backup'),
    options: scenarios.backup.options.prefault({}),
  })
  .meta({ id: 'BackupRequest' });

export const rebaselineRequestSchema = z
  .strictObject({
    server: serverNameSchema,
    scenario: z.literal('rebaseline'),
    options: scenarios.rebaseline.options.prefault({}),
  })
  .meta({ id: 'RebaselineRequest' });

export const mirrorRequestSchema = z
  .strictObject({
    server: serverNameSchema,
    scenario: z.literal('mirror'),
    options: scenarios.mirror.options.prefault({}),
  })
  .meta({ id: 'MirrorRequest' });

export const restoreFromMirrorRequestSchema = z
  .strictObject({
    server: serverNameSchema,
    scenario: z.literal('restore-from-mirror'),
    /** A backup instead of the planner's choice: the newest usable one on the branch that was live. */
    backup: backupIdSchema.optional(),
    options: scenarios['restore-from-mirror'].options.prefault({}),
  })
  .meta({ id: 'RestoreFromMirrorRequest' });

export const standbyImportRequestSchema = z
  .strictObject({
    server: serverNameSchema,
    scenario: z.literal('standby-import'),
    options: scenarios['standby-import'].options,
  })
  .meta({ id: 'StandbyImportRequest' });

export const provisionRequestSchema = z
  .strictObject({
    /** A provisioner. */
    server: serverNameSchema,
    scenario: z.literal('provision'),
    options: scenarios.provision.options,
  })
  .meta({ id: 'ProvisionRequest' });

/** What an operator asks for, by scenario; everything else is decided by the planner and shown in the plan. */
export const planRequestSchema = z
  .discriminatedUnion('scenario', [
    drillRequestSchema,
    pointInTimeRequestSchema,
    extractRequestSchema,
    backupRequestSchema,
    rebaselineRequestSchema,
    mirrorRequestSchema,
    restoreFromMirrorRequestSchema,
    standbyImportRequestSchema,
    provisionRequestSchema,
  ])
  .meta({ id: 'PlanRequest' });

export type DrillRequest = z.output<typeof drillRequestSchema>;
export type MirrorRequest = z.output<typeof mirrorRequestSchema>;
export type RestoreFromMirrorRequest = z.output<typeof restoreFromMirrorRequestSchema>;
export type StandbyImportRequest = z.output<typeof standbyImportRequestSchema>;
export type ProvisionRequest = z.output<typeof provisionRequestSchema>;
export type RebaselineRequest = z.output<typeof rebaselineRequestSchema>;
export type PointInTimeRequest = z.output<typeof pointInTimeRequestSchema>;
export type ExtractRequest = z.output<typeof extractRequestSchema>;
export type BackupRequest = z.output<typeof backupRequestSchema>;
/** Of a run that took live's place: asked for at the run, not among the scenarios. */
export interface UndoRequest {
  readonly server: string;
  readonly scenario: 'undo';
  readonly run: string;
  readonly options: z.output<typeof scenarios.undo.options>;
}
export interface AcceptRequest {
  readonly server: string;
  readonly scenario: 'accept';
  readonly run: string;
  readonly options: z.output<typeof scenarios.accept.options>;
}
/** The same of a run that gave a database another name. */
export interface ImportUndoRequest {
  readonly server: string;
  readonly scenario: 'import-undo';
  readonly run: string;
  readonly options: z.output<(typeof scenarios)['import-undo']['options']>;
}
export interface ImportAcceptRequest {
  readonly server: string;
  readonly scenario: 'import-accept';
  readonly run: string;
  readonly options: z.output<(typeof scenarios)['import-accept']['options']>;
}
/** Asked for at a run. */
export type RunRequest = UndoRequest | AcceptRequest | ImportUndoRequest | ImportAcceptRequest;
export type PlanRequest = z.output<typeof planRequestSchema>;
