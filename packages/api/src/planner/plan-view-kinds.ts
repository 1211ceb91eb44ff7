import { keptDatabaseSchema } from '@barback/shared/operations/database.ts';
import { z } from 'zod';
import { provisionPlanSchema, standbyImportPlanSchema } from './plan-document.ts';
import { frameViewSchema } from './plan-view-frame.ts';

const { import: importName, source, validUntil, into } = standbyImportPlanSchema.shape;

export const standbyImportViewSchema = frameViewSchema
  .extend({
    scenario: z.literal('standby-import'),
    import: importName,
    source,
    validUntil,
    into,
    applications: z.array(z.string()),
  })
  .meta({ id: 'StandbyImportPlan' });

export const importUndoViewSchema = frameViewSchema
  .extend({
    scenario: z.literal('import-undo'),
    undoes: z.string(),
    kept: keptDatabaseSchema,
    applications: z.array(z.string()),
  })
  .meta({ id: 'ImportUndoPlan' });

export const importAcceptViewSchema = frameViewSchema
  .extend({ scenario: z.literal('import-accept'), accepts: z.string(), kept: keptDatabaseSchema })
  .meta({ id: 'ImportAcceptPlan' });

export const provisionViewSchema = frameViewSchema
  .extend({
    scenario: z.literal('provision'),
    replaces: z.string(),
    oldAgent: z.string(),
    terraform: provisionPlanSchema.shape.terraform,
  })
  .meta({ id: 'ProvisionPlan' });
