import type { Probe } from '@barback/shared/operations/scratch-probe.ts';
import { z } from 'zod';
import {
  judgeStep,
  leaseStep,
  probePromotedStep,
  probeStep,
  promoteStep,
  recoverSteps,
  replaySteps,
  type CopyFacts,
} from './copy-steps.ts';
import type { DrillBounds } from './judge-drill.ts';
import { copyOptions } from './copy-options.ts';
import { durationMs, durationSchema } from './duration.ts';
import { fetchStep, judgeMirroredSteps, type Mirrored } from './mirror-steps.ts';
import type { PlanBasis } from './plan-basis.ts';
import { checkStep, lookAtHostStep, recheckSteps } from './recheck-steps.ts';
import type { Scenario } from './scenario.ts';
import { onAgent, type Step } from './step.ts';

export const drillOptionsSchema = z
  .strictObject({
    /** `mirror`: fetch what the box holds and prove that; only to `latest` or `immediate`. */
    from: z.enum(['barman', 'mirror']).default('barman'),
    ...copyOptions,
    /** Keep the promoted copy on its private socket for this long. */
    hold: durationSchema.optional(),
    amcheck: z.enum(['none', 'tables', 'all']).default('none'),
    /** Findings of severity `confirm` that the operator has read, by code. */
    acknowledge: z.array(z.string().max(64)).max(32).default([]),
  })
  .meta({ id: 'DrillOptions' });

/** What the planner found out and decided. */
export interface DrillFacts extends CopyFacts {
  readonly basis: PlanBasis;
  readonly configuredProbes: readonly Probe[];
  readonly bounds: DrillBounds;
  /** What the page of the mirror says that it holds; null: the drill is of Barman's own files. */
  readonly mirrored: Mirrored | null;
}

/** The restore drill: prove a backup on a copy that nobody else can reach, then leave nothing behind but the record. */
export const drill: Scenario<typeof drillOptionsSchema, DrillFacts> = {
  name: 'drill',
  title: 'Restore drill',
  touches: 'copy',
  undo: 'nothing to take back: the copy is deleted in any case, live is not touched',
  options: drillOptionsSchema,
  steps(options, facts) {
    const { server, backup } = facts;
    const probes = [...facts.configuredProbes, ...options.probes];
    const questions = { server, probes, statementTimeoutMs: options.statementTimeoutMs };
    const bandwidthKBps = options.bandwidthKBps ?? null;
    return [
      ...(facts.mirrored === null
        ? [...recheckSteps(server, backup.id, facts.basis), checkStep(server), leaseStep(facts)]
        : [lookAtHostStep(server), fetchStep(facts, bandwidthKBps)]),
      ...recoverSteps(facts, { bandwidthKBps, tablespaceHome: 'scratch', fromMirror: facts.mirrored !== null }),
      ...replaySteps(facts, undefined),
      ...(facts.mirrored === null ? [] : judgeMirroredSteps(facts.mirrored)),
      probeStep(questions),
      promoteStep(facts),
      ...whenAny(probes.length > 0, probePromotedStep(questions)),
      ...whenAny(options.amcheck !== 'none', {
        name: 'amcheck',
        title: 'Check the relations for damage',
        action: onAgent('scratch-amcheck', {
          server,
          level: options.amcheck === 'all' ? 'all' : 'tables',
          jobs: facts.jobs,
        }),
      }),
      {
        name: 'count-live',
        title: 'Count the rows of live for comparison',
        action: onAgent('live-count', { server, statementTimeoutMs: options.statementTimeoutMs }),
      },
      {
        name: 'compare',
        title: 'Compare roles, databases and extensions of the copy with those of live',
        action: onAgent('scratch-compare', { server }),
      },
      judgeStep('Judge the proof against live, the last drill and the bounds of the server', facts.bounds),
      ...holdStep(options.hold),
    ];
  },
};

function holdStep(hold: string | undefined): Step[] {
  if (hold === undefined) return [];
  const action = {
    on: 'person',
    ask: 'The promoted copy is open on its private socket. Discard it now, or let it be discarded at the deadline.',
    choices: ['discard'],
    deadlineMs: durationMs(hold),
    atDeadline: 'discard',
  } as const;
  return [{ name: 'hold', title: `Hold the promoted copy for ${hold}`, action }];
}

function whenAny(condition: boolean, step: Step): Step[] {
  return condition ? [step] : [];
}
