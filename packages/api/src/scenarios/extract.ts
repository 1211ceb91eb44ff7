import { extractSchemaSchema, extractTablesSchema } from '@barback/shared/operations/extract.ts';
import { probeSchema } from '@barback/shared/operations/scratch-probe.ts';
import { z } from 'zod';
import { leaseStep, promoteStep, recoverSteps, replaySteps, type CopyFacts } from './copy-steps.ts';
import type { PlanBasis } from './plan-basis.ts';
import { checkStep, recheckSteps } from './recheck-steps.ts';
import type { Scenario } from './scenario.ts';
import { onAgent, type Step } from './step.ts';

export const extractOptionsSchema = z
  .strictObject({
    database: probeSchema.shape.database,
    /** As `schema.table`, without quotes, in the spelling of the catalogue. */
    tables: extractTablesSchema,
    /** A new schema of live to load them into; left out: only the dump is made. */
    into: z.strictObject({ schema: extractSchemaSchema }).optional(),
    /** Kilobytes per second for Barman's copy. */
    bandwidthKBps: z.int().positive().optional(),
    /** Findings of severity `confirm` that the operator has read, by code. */
    acknowledge: z.array(z.string().max(64)).max(32).default([]),
  })
  .meta({ id: 'ExtractOptions' });

export type ExtractOptions = z.output<typeof extractOptionsSchema>;

export interface ExtractFacts extends CopyFacts {
  readonly basis: PlanBasis;
}

/** Gets tables back as they were, beside what is there now: no outage, and nothing of live is replaced (T37). */
export const extract: Scenario<typeof extractOptionsSchema, ExtractFacts> = {
  name: 'extract',
  title: 'Extract of tables',
  touches: 'copy',
  undo: 'delete the dump; where it was loaded, DROP SCHEMA … CASCADE on live: nothing else was changed',
  options: extractOptionsSchema,
  steps(options, facts) {
    const { server, backup } = facts;
    const schema = options.into?.schema ?? null;
    return [
      ...recheckSteps(server, backup.id, facts.basis),
      ...(schema === null ? [] : [checkSchemaStep(server, options.database, schema)]),
      checkStep(server),
      leaseStep(facts),
      ...recoverSteps(facts, { bandwidthKBps: options.bandwidthKBps ?? null, tablespaceHome: 'scratch' }),
      ...replaySteps(facts, undefined),
      promoteStep(facts),
      dumpStep(server, options),
      ...(schema === null ? [] : [loadStep(server, options.database, schema)]),
    ];
  },
};

/** A copy takes long: what the load would refuse is refused before it. */
function checkSchemaStep(server: string, database: string, schema: string): Step {
  return {
    name: 'check-schema',
    title: `See that the schema ${schema} can be made on live`,
    action: onAgent('extract-check', { server, database, schema }),
  };
}

function dumpStep(server: string, { database, tables, into }: ExtractOptions): Step {
  const schema = into?.schema ?? null;
  return {
    name: 'dump',
    title: `Dump ${tables.join(', ')} of the open copy into a file`,
    action: onAgent('extract-dump', { server, database, tables: [...tables], schema }),
    inverse: {
      when: 'failure',
      name: 'discard-dump',
      title: 'Delete the dump, and what was loaded of it',
      action: onAgent('extract-discard', { server, database, schema }),
    },
  };
}

function loadStep(server: string, database: string, schema: string): Step {
  return {
    name: 'load',
    title: `Load it into the new schema ${schema} of live, and count its rows`,
    action: onAgent('extract-load', { server, database, schema }),
  };
}
