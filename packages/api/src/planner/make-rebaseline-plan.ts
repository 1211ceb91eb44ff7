import type { Result } from '@barback/shared/operations/index.ts';
import type { PlannedSlots } from '../scenarios/protection-basis.ts';
import { rebaseline } from '../scenarios/rebaseline.ts';
import { protectionFindings } from './findings/protection-findings.ts';
import type { GatheredProtection } from './gather.ts';
import { rebaselinePlanSchema, type RebaselinePlan } from './plan-document.ts';
import { planFrame, type FrameInput } from './plan-frame.ts';
import type { RebaselineRequest } from './plan-request.ts';
import { simplePredictions } from './predict.ts';
import { clusterBytesOf, protectionBasisOf } from './protection-of.ts';

export interface RebaselineInput extends FrameInput {
  readonly request: RebaselineRequest;
  readonly gathered: GatheredProtection;
}

/** The plan of a new baseline from the facts: everything that will be done, with every parameter final. Pure. */
export function makeRebaselinePlan(input: RebaselineInput): RebaselinePlan {
  const { request, gathered } = input;
  const { host, protection } = gathered;
  const basis = protectionBasisOf(gathered);
  const slots = plannedSlots(request, protection);
  const clusterBytes = clusterBytesOf(host);
  const steps = rebaseline.steps(request.options, { server: request.server, basis, slots, clusterBytes });
  return rebaselinePlanSchema.parse({
    ...planFrame(input, request, host),
    findings: protectionFindings({
      host,
      protection,
      options: request.options,
      slots,
      clusterBytes,
      activeRun: input.activeRun,
      earlierSystemIdentifier: input.earlierSystemIdentifier,
    }),
    predictions: simplePredictions(
      steps.map(({ name }) => ({ step: name, bytes: name === 'backup' ? clusterBytes : null })),
      input.measures,
      rebaseline.undo,
    ),
    postgresVersionNum: host.live?.versionNum ?? null,
    basis,
    slots,
    steps,
  });
}

/** Barman's own slot is never one of the others, whatever the options name. */
function plannedSlots({ options }: RebaselineRequest, { slotName, live }: Result<'protection-facts'>): PlannedSlots {
  const all = live?.slots ?? [];
  return {
    barman: all.find((one) => one.name === slotName) ?? null,
    others: all.filter((one) => one.name !== slotName && options.dropSlots.includes(one.name)),
  };
}
