import type { KeptDatabase } from '@barback/shared/operations/database.ts';
import type { Probe } from '@barback/shared/operations/scratch-probe.ts';
import {
  connectedSteps,
  lookAtApplicationsSteps,
  startApplicationsSteps,
  stopApplicationsSteps,
  type Applications,
} from './application-steps.ts';
import { exchangeSteps, verifyDatabaseStep } from './database-steps.ts';
import { durationMs } from './duration.ts';
import { protectFuture } from './point-in-time.ts';
import { checkStep, lookAtHostStep } from './recheck-steps.ts';
import type { Scenario } from './scenario.ts';
import { lookAtSmokeSteps, smokeSteps, type SmokeCheck } from './smoke-steps.ts';
import { standbyImportOptionsSchema } from './standby-import.ts';

export const importUndoOptionsSchema = standbyImportOptionsSchema
  .pick({ stopWithin: true, applicationStart: true, acknowledge: true })
  .meta({ id: 'ImportUndoOptions' });

export interface ImportUndoFacts {
  readonly server: string;
  readonly kept: KeptDatabase;
  /** Who has the name now. */
  readonly occupant: number;
  readonly applications: Applications;
  readonly smoke: readonly SmokeCheck[];
  readonly configuredProbes: readonly Probe[];
  readonly systemIdentifier: string | null;
}

/** Renames the database back that an import has replaced; what took its place is kept the same way. */
export const importUndo: Scenario<typeof importUndoOptionsSchema, ImportUndoFacts> = {
  name: 'import-undo',
  title: 'Undo of an import',
  touches: 'live',
  undo: 'POST /v1/runs/{id}/undo of this run exchanges the names again',
  options: importUndoOptionsSchema,
  steps(options, facts) {
    const { server, kept, occupant } = facts;
    const { replaced: database, plan, oid } = kept;
    return [
      lookAtHostStep(server),
      checkStep(server),
      ...lookAtApplicationsSteps(facts.applications),
      ...lookAtSmokeSteps(facts.smoke),
      protectFuture(server),
      ...stopApplicationsSteps(facts.applications),
      ...exchangeSteps(
        { server, database, oid: occupant, incoming: { from: 'kept', plan, oid } },
        durationMs(options.stopWithin),
      ),
      verifyDatabaseStep(facts),
      ...startApplicationsSteps(facts.applications),
      ...connectedSteps(server, facts.applications),
      ...smokeSteps(facts.smoke),
    ];
  },
};
