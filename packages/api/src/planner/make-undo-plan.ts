import type { Result } from '@barback/shared/operations/index.ts';
import type { Kept } from '@barback/shared/operations/kept.ts';
import { accept } from '../scenarios/accept.ts';
import { undo } from '../scenarios/undo.ts';
import { applicationsOf, smokeOf, sqlSmokeOf } from './applications-of.ts';
import { cutoverBasis } from './cutover-basis.ts';
import { cutoverFindings } from './findings/cutover-rules.ts';
import { identityRules } from './findings/live-rules.ts';
import { inOrder } from './findings/order.ts';
import type { HostFacts } from './findings/rule.ts';
import type { GatheredCutover } from './gather.ts';
import { acceptPlanSchema, undoPlanSchema, type AcceptPlan, type UndoPlan } from './plan-document.ts';
import { planFrame, type FrameInput } from './plan-frame.ts';
import type { AcceptRequest, UndoRequest } from './plan-request.ts';
import { simplePredictions } from './predict.ts';
import { outageSeconds } from './predict-outage.ts';
import { clusterBytesOf } from './protection-of.ts';

export interface UndoInput extends FrameInput {
  readonly request: UndoRequest;
  readonly host: Result<'host-facts'>;
  readonly kept: Kept;
  readonly cutover: GatheredCutover;
}

/** The plan that puts a kept directory back. Pure. */
export function makeUndoPlan(input: UndoInput): UndoPlan {
  const { request, host, kept, cutover, settings } = input;
  const { server, options } = request;
  const list = applicationsOf(server, settings);
  const names = list.map((one) => one.name);
  const basis = cutoverBasis(host, cutover);
  const clusterBytes = clusterBytesOf(host);
  const steps = undo.steps(options, {
    server,
    kept,
    cutover: basis,
    liveAnswers: host.live !== null,
    applications: { list, start: options.applicationStart, caution: null },
    smoke: smokeOf(settings),
    configuredProbes: [...host.probes, ...sqlSmokeOf(settings)],
    clusterBytes,
  });
  const predictions = simplePredictions(
    steps.map(({ name }) => ({ step: name, bytes: name === 'backup' ? clusterBytes : null })),
    input.measures,
    undo.undo,
  );
  const outage = outageSeconds(predictions.steps, steps);
  return undoPlanSchema.parse({
    ...planFrame(input, request, host),
    findings: inOrder([
      ...identityFindings(input),
      ...cutoverFindings({ server, host, cutover: cutover.facts, undoneDdl: 0, names, destroyed: null }),
    ]),
    predictions: { ...predictions, outageSeconds: outage },
    postgresVersionNum: host.live?.versionNum ?? null,
    cutover: basis,
    applications: names,
    undoes: request.run,
    kept,
    steps,
  });
}

export interface AcceptInput extends FrameInput {
  readonly request: AcceptRequest;
  readonly host: Result<'host-facts'>;
  readonly kept: Kept;
}

/** The plan that deletes a kept directory. Pure. */
export function makeAcceptPlan(input: AcceptInput): AcceptPlan {
  const { request, host, kept } = input;
  const steps = accept.steps(request.options, { server: request.server, kept });
  return acceptPlanSchema.parse({
    ...planFrame(input, request, host),
    findings: inOrder(identityFindings(input)),
    predictions: simplePredictions(
      steps.map(({ name }) => ({ step: name, bytes: null })),
      input.measures,
      accept.undo,
    ),
    postgresVersionNum: host.live?.versionNum ?? null,
    accepts: request.run,
    kept,
    steps,
  });
}

function identityFindings(facts: HostFacts) {
  return identityRules.flatMap((rule) => rule(facts) ?? []);
}
