import type { PlannedSlots } from '../scenarios/protection-basis.ts';
import type { RebaselineOptions } from '../scenarios/rebaseline.ts';
import type { Step } from '../scenarios/step.ts';
import { protectionFindings } from './findings/protection-findings.ts';
import type { GatheredProtection } from './gather.ts';
import { planFrame, type FrameInput } from './plan-frame.ts';
import { simplePredictions } from './predict.ts';
import { clusterBytesOf, protectionBasisOf } from './protection-of.ts';

export interface ArchivePlanInput extends FrameInput {
  readonly request: {
    readonly server: string;
    readonly scenario: 'backup' | 'rebaseline';
    readonly options: object;
  };
  readonly gathered: GatheredProtection;
}

/** What a scenario makes of its request. */
interface Work {
  readonly steps: readonly Step[];
  readonly undo: string;
  readonly slots: PlannedSlots;
  readonly options: RebaselineOptions;
}

/** What plans that touch the archive alone have in common: findings, and a base backup of the cluster at their end. Pure. */
export function archivePlan(input: ArchivePlanInput, { steps, undo, slots, options }: Work) {
  const { request, gathered, activeRun, earlierSystemIdentifier } = input;
  const { host, protection } = gathered;
  const clusterBytes = clusterBytesOf(host);
  return {
    ...planFrame(input, request, host),
    findings: protectionFindings({
      host,
      protection,
      options,
      slots,
      clusterBytes,
      activeRun,
      earlierSystemIdentifier,
    }),
    predictions: simplePredictions(
      steps.map(({ name }) => ({ step: name, bytes: name === 'backup' ? clusterBytes : null })),
      input.measures,
      undo,
    ),
    postgresVersionNum: host.live?.versionNum ?? null,
    basis: protectionBasisOf(gathered),
    steps,
  };
}
