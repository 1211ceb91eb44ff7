import type { Result } from '@barback/shared/operations/index.ts';
import type { PlannedSlots } from '../scenarios/protection-basis.ts';
import { rebaseline } from '../scenarios/rebaseline.ts';
import { archivePlan } from './archive-plan.ts';
import type { GatheredProtection } from './gather.ts';
import { rebaselinePlanSchema, type RebaselinePlan } from './plan-document.ts';
import type { FrameInput } from './plan-frame.ts';
import type { RebaselineRequest } from './plan-request.ts';
import { clusterBytesOf, protectionBasisOf } from './protection-of.ts';

export interface RebaselineInput extends FrameInput {
  readonly request: RebaselineRequest;
  readonly gathered: GatheredProtection;
}

/** The plan of a new baseline from the facts: everything that will be done, with every parameter final. Pure. */
export function makeRebaselinePlan(input: RebaselineInput): RebaselinePlan {
  const { request, gathered } = input;
  const slots = plannedSlots(request, gathered.protection);
  const steps = rebaseline.steps(request.options, {
    server: request.server,
    basis: protectionBasisOf(gathered),
    slots,
    clusterBytes: clusterBytesOf(gathered.host),
  });
  const { options } = request;
  return rebaselinePlanSchema.parse({
    ...archivePlan(input, { steps, undo: rebaseline.undo, slots, options }),
    slots,
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
