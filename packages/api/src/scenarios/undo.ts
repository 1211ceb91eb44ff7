import type { Kept } from '@barback/shared/operations/kept.ts';
import type { Probe } from '@barback/shared/operations/scratch-probe.ts';
import { z } from 'zod';
import {
  applicationStarts,
  lookAtApplicationsSteps,
  startApplicationsSteps,
  stopApplicationsSteps,
  type Applications,
} from './application-steps.ts';
import { baselineSteps } from './baseline-steps.ts';
import type { CutoverBasis } from './cutover-basis.ts';
import {
  analyzeStep,
  fenceStep,
  openStep,
  limitsOf,
  renewSlotStep,
  steadyStep,
  stopSteps,
  swapSteps,
  verifyStep,
} from './cutover-steps.ts';
import { cutoverOptions } from './cutover-options.ts';
import { durationMs } from './duration.ts';
import { checkpoint, protectFuture } from './point-in-time.ts';
import { checkStep, lookAtHostStep, recheckCutoverSteps } from './recheck-steps.ts';
import { synchronousSteps } from './replication-steps.ts';
import type { Scenario } from './scenario.ts';
import { lookAtSmokeSteps, smokeSteps, type SmokeCheck } from './smoke-steps.ts';
import { onAgent } from './step.ts';

export const undoOptionsSchema = z
  .strictObject({
    applicationStart: z.enum(applicationStarts).default('auto'),
    ...cutoverOptions,
  })
  .meta({ id: 'UndoOptions' });

export interface UndoFacts {
  readonly server: string;
  readonly kept: Kept;
  readonly cutover: CutoverBasis;
  readonly liveAnswers: boolean;
  readonly applications: Applications;
  readonly smoke: readonly SmokeCheck[];
  readonly configuredProbes: readonly Probe[];
  readonly clusterBytes: number | null;
}

const statementTimeoutMs = 60_000;

/** Puts a directory back that a run took from the live path; what was written since is kept the same way. */
export const undo: Scenario<typeof undoOptionsSchema, UndoFacts> = {
  name: 'undo',
  title: 'Undo',
  touches: 'live',
  undo: 'POST /v1/runs/{id}/undo of this run puts the restored directory back, with what was written to it',
  options: undoOptionsSchema,
  steps(options, facts) {
    const { server, kept, cutover } = facts;
    const limits = limitsOf(options);
    return [
      lookAtHostStep(server),
      ...recheckCutoverSteps(server, cutover),
      checkStep(server),
      ...lookAtApplicationsSteps(facts.applications),
      ...lookAtSmokeSteps(facts.smoke),
      protectFuture(server),
      {
        name: 'prepare',
        title: 'Let the kept cluster open on a timeline of its own',
        action: onAgent('kept-prepare', { server, plan: kept.plan }),
      },
      ...(facts.liveAnswers ? [checkpoint(server)] : []),
      ...stopApplicationsSteps(facts.applications),
      fenceStep({ server }),
      ...stopSteps({ server, ...limits }),
      ...swapSteps({ server, incoming: { from: 'kept', plan: kept.plan }, ...limits }),
      renewSlotStep(server),
      verifyStep({
        server,
        systemIdentifier: kept.systemIdentifier,
        timelineAfter: cutover.protection.timeline,
        probes: facts.configuredProbes,
        statementTimeoutMs,
      }),
      openStep({ server }),
      ...startApplicationsSteps(facts.applications),
      ...smokeSteps(facts.smoke),
      ...baselineSteps({ server, streaming: cutover.protection.streaming, clusterBytes: facts.clusterBytes }),
      steadyStep(server, durationMs(options.steadyFor)),
      analyzeStep(server, durationMs(options.analyzeWithin)),
      ...synchronousSteps(server, { step: 'prepare', field: 'synchronous', is: true }),
    ];
  },
};
