import type { Result } from '@barback/shared/operations/index.ts';
import { mirror } from '../scenarios/mirror.ts';
import type { WindowView } from '../window/window-schema.ts';
import { identityRules } from './findings/live-rules.ts';
import { inOrder } from './findings/order.ts';
import { mirrorPlanSchema, type MirrorPlan } from './plan-document.ts';
import { planFrame, type FrameInput } from './plan-frame.ts';
import type { MirrorRequest } from './plan-request.ts';
import { simplePredictions } from './predict.ts';

export interface MirrorInput extends FrameInput {
  readonly request: MirrorRequest;
  readonly host: Result<'host-facts'>;
  readonly window: Pick<WindowView, 'rpo' | 'live'>;
}

/** The plan of a mirror: what Barman is known to hold now, the mirror holds when its run has succeeded. Pure. */
export function makeMirrorPlan(input: MirrorInput): MirrorPlan {
  const { request, host, window } = input;
  const commit = window.rpo.newestCommit;
  const newestCommit = commit && { xid: commit.xid, lsn: commit.lsn, time: commit.time };
  const liveTimeline = window.live.timeline;
  const steps = mirror.steps(request.options, { server: request.server, liveTimeline, newestCommit });
  const facts = { host, activeRun: input.activeRun, earlierSystemIdentifier: input.earlierSystemIdentifier };
  return mirrorPlanSchema.parse({
    ...planFrame(input, request, host),
    findings: inOrder(identityRules.flatMap((rule) => rule(facts) ?? [])),
    predictions: simplePredictions(
      steps.map(({ name }) => ({ step: name, bytes: null })),
      input.measures,
      mirror.undo,
    ),
    postgresVersionNum: host.live?.versionNum ?? null,
    holds: { newestCommit, liveTimeline },
    steps,
  });
}
