import { importNameSchema } from '@barback/shared/operations/import.ts';
import type { Probe } from '@barback/shared/operations/scratch-probe.ts';
import { z } from 'zod';
import {
  applicationStarts,
  connectedSteps,
  lookAtApplicationsSteps,
  startApplicationsSteps,
  stopApplicationsSteps,
  type Applications,
} from './application-steps.ts';
import { backupStep } from './baseline-steps.ts';
import { exchangeSteps, verifyDatabaseStep } from './database-steps.ts';
import { durationMs, durationSchema } from './duration.ts';
import { gateStep } from './gate-step.ts';
import { protectFuture } from './point-in-time.ts';
import { checkStep, lookAtHostStep } from './recheck-steps.ts';
import type { Scenario } from './scenario.ts';
import { lookAtSmokeSteps, smokeSteps, type SmokeCheck } from './smoke-steps.ts';
import { onAgent, type Step } from './step.ts';

export const standbyImportOptionsSchema = z
  .strictObject({
    /** A source in the agent's configuration. */
    import: importNameSchema,
    /** `keep`: who may do what is taken over, for which every role that is named has to be here. `drop`: everything belongs to the role that loads. */
    privileges: z.enum(['keep', 'drop']).default('keep'),
    /** Wait for a person's word when everything is loaded and compared, before the application is stopped. */
    confirmBeforeSwap: z.boolean().default(false),
    /** How long that gate waits before it cancels. */
    confirmFor: durationSchema.default('2h'),
    /** How long sessions may take to end before the run gives up and lets everybody in again. */
    stopWithin: durationSchema.default('2m'),
    applicationStart: z.enum(applicationStarts).default('auto'),
    /** Findings of severity `confirm` that the operator has read, by code. */
    acknowledge: z.array(z.string().max(64)).max(32).default([]),
  })
  .meta({ id: 'StandbyImportOptions' });

export type StandbyImportOptions = z.output<typeof standbyImportOptionsSchema>;

export interface StandbyImportFacts {
  readonly server: string;
  /** What is replaced. */
  readonly database: string;
  readonly oid: number;
  /** Those that only a superuser may make. */
  readonly extensions: readonly string[];
  /** Of the plain dump that is loaded; null: a server is dumped. */
  readonly plainSha256: string | null;
  readonly applications: Applications;
  readonly smoke: readonly SmokeCheck[];
  readonly configuredProbes: readonly Probe[];
  readonly systemIdentifier: string | null;
  readonly clusterBytes: number | null;
}

/** The contents of a database elsewhere take the place of one of this server; what is replaced stays under another name. */
export const standbyImport: Scenario<typeof standbyImportOptionsSchema, StandbyImportFacts> = {
  name: 'standby-import',
  title: 'Import from a standby',
  touches: 'live',
  undo: 'POST /v1/runs/{id}/undo renames the replaced database back, with everything that it held; what was imported is kept the same way',
  options: standbyImportOptionsSchema,
  steps(options, facts) {
    const { server, database, oid } = facts;
    const onto = { server, import: options.import, database, oid, extensions: [...facts.extensions] };
    const dump = facts.plainSha256 === null ? {} : { sha256: facts.plainSha256 };
    return [
      lookAtHostStep(server),
      {
        name: 'look-at-source',
        title: `Look at the source ${options.import} and at ${database} again`,
        action: onAgent('import-look', { server, import: options.import }),
      },
      checkStep(server),
      ...lookAtApplicationsSteps(facts.applications),
      ...lookAtSmokeSteps(facts.smoke),
      prepareStep(onto),
      dumpStep(onto, dump),
      {
        name: 'load',
        title:
          'Load the dump into the fresh database as a role without rights, and compare every table with the source',
        action: onAgent('import-load', { ...onto, ...dump, privileges: options.privileges === 'keep' }),
      },
      ...(options.confirmBeforeSwap ? [confirmStep(database, options.confirmFor)] : []),
      protectFuture(server),
      ...stopApplicationsSteps(facts.applications),
      ...exchangeSteps({ server, database, oid, incoming: { from: 'import' } }, durationMs(options.stopWithin)),
      verifyDatabaseStep(facts),
      ...startApplicationsSteps(facts.applications),
      ...connectedSteps(server, facts.applications),
      ...smokeSteps(facts.smoke),
      // Without it a restore would have to replay everything that was loaded.
      backupStep(server, facts.clusterBytes),
    ];
  },
};

type Onto = { server: string; import: string; database: string; oid: number; extensions: string[] };

function prepareStep(onto: Onto): Step {
  return {
    name: 'prepare',
    title: `Make a fresh database beside ${onto.database}, and enter it as the role that loads`,
    action: onAgent('import-prepare', onto),
    inverse: {
      when: 'failure',
      name: 'drop-fresh',
      title: 'Drop the fresh database',
      action: onAgent('import-discard', { server: onto.server, fresh: true }),
    },
  };
}

function dumpStep({ server, import: name }: Onto, dump: { sha256?: string }): Step {
  const title =
    dump.sha256 === undefined
      ? `Dump ${name}, and count its rows in the same snapshot`
      : `Read the dump ${name} to its end, see that it is the one that was planned with, and count its rows`;
  return {
    name: 'dump',
    title,
    action: onAgent('import-dump', { server, import: name, ...dump }),
    inverse: {
      when: 'always',
      name: 'discard-dump',
      title: 'Delete the dump',
      action: onAgent('import-discard', { server, fresh: false }),
    },
  };
}

function confirmStep(database: string, within: string): Step {
  return gateStep('confirm-swap', {
    title: 'Wait for a person before anything of live is touched',
    ask: `Everything is loaded and compared (the rows are listed). Let it take the place of ${database}, or cancel and drop it.`,
    choices: ['swap', 'cancel'],
    deadlineMs: durationMs(within),
  });
}
