import type { Params } from '@barback/shared/operations/index.ts';
import type { Probe } from '@barback/shared/operations/scratch-probe.ts';
import {
  lookAtApplicationsSteps,
  startApplicationsSteps,
  stopApplicationsSteps,
  type Applications,
} from './application-steps.ts';
import { baselineSteps } from './baseline-steps.ts';
import { carryCredentialsSteps, compareCredentialsSteps } from './credential-steps.ts';
import {
  adoptStep,
  discardName,
  judgeStep,
  leaseStep,
  probePromotedStep,
  probeStep,
  promoteStep,
  recoverSteps,
  replaySteps,
  type CopyFacts,
} from './copy-steps.ts';
import type { CutoverBasis } from './cutover-basis.ts';
import {
  analyzeStep,
  fenceStep,
  limitsOf,
  openStep,
  renewSlotStep,
  steadyStep,
  stopSteps,
  swapSteps,
  verifyStep,
} from './cutover-steps.ts';
import { durationMs } from './duration.ts';
import { gateStep } from './gate-step.ts';
import { discardLiveStep, lookAtRoomStep, verifyStoredStep } from './in-place-steps.ts';
import type { PlanBasis } from './plan-basis.ts';
import { pointInTimeOptionsSchema, type PointInTimeOptions } from './point-in-time-options.ts';
import { checkStep, recheckCutoverSteps, recheckSteps } from './recheck-steps.ts';
import { disableSubscriptionsStep, replicationSteps } from './replication-steps.ts';
import type { Scenario } from './scenario.ts';
import { lookAtSmokeSteps, smokeSteps, type SmokeCheck } from './smoke-steps.ts';
import { onAgent, type Step } from './step.ts';

export interface PointInTimeFacts extends CopyFacts {
  readonly basis: PlanBasis;
  readonly cutover: CutoverBasis;
  readonly goesLive: Params<'scratch-start'>['goesLive'];
  /** Whether live answers: what only it can do is left out otherwise (T32). */
  readonly liveAnswers: boolean;
  /** Whether commits on live wait for standbys, or it does not say: those that follow what was restored are none. */
  readonly synchronous: boolean;
  readonly applications: Applications;
  readonly smoke: readonly SmokeCheck[];
  readonly tablesMin: number | null;
  readonly configuredProbes: readonly Probe[];
  readonly clusterBytes: number | null;
  /** Room that the copy takes with its WAL. */
  readonly needBytes: number;
  /** The plan whose copy is taken over; null: one is made. */
  readonly adopted: string | null;
}

/** Rolls live back: everything long happens beside it, and only stop, two renames and a start are outage. */
export const pointInTime: Scenario<typeof pointInTimeOptionsSchema, PointInTimeFacts> = {
  name: 'point-in-time',
  title: 'Point-in-time restore',
  touches: 'live',
  undo: 'POST /v1/runs/{id}/undo puts the directory back that was live, with everything it had; it is kept until the run is accepted',
  options: pointInTimeOptionsSchema,
  steps(options, facts) {
    const { server, backup } = facts;
    const probes = [...facts.configuredProbes, ...options.probes];
    const questions = { server, probes, statementTimeoutMs: options.statementTimeoutMs };
    const credentials = { server, asked: options.credentials, deadlineMs: durationMs(options.inspectFor) };
    const limits = limitsOf(options);
    const close = [...stopApplicationsSteps(facts.applications), fenceStep({ server })];
    const { inPlace } = options;
    const asksPasswords = facts.liveAnswers && !inPlace;
    return [
      ...recheckSteps(server, backup.id, facts.basis),
      ...recheckCutoverSteps(server, facts.cutover),
      checkStep(server),
      leaseStep(facts),
      ...lookAtApplicationsSteps(facts.applications),
      ...lookAtSmokeSteps(facts.smoke),
      ...when(options.stopFirst && !inPlace, close),
      protectFuture(server),
      ...when(inPlace, [
        verifyStoredStep(server, backup.id),
        ...when(facts.liveAnswers, [checkpoint(server)]),
        ...close,
        ...stopSteps({ server, ...limits }),
        lookAtRoomStep(server, facts.needBytes),
        discardLiveStep(server),
      ]),
      ...copySteps(options, facts),
      ...replaySteps(facts, facts.goesLive),
      probeStep(questions),
      ...when(asksPasswords, compareCredentialsSteps(credentials)),
      ...when(options.inspect === 'paused', [inspectStep(options)]),
      ...slotSteps(server, facts.cutover.protection),
      promoteStep(facts),
      ...when(asksPasswords, carryCredentialsSteps(credentials)),
      disableSubscriptionsStep(server),
      ...when(probes.length > 0 || options.inspect === 'promoted', [probePromotedStep(questions)]),
      judgeStep(inPlace ? 'Judge the probes' : 'Judge the probes, before anything of live is touched', {
        rowLossPercentMax: null,
        tablesMin: facts.tablesMin,
      }),
      ...when(options.inspect === 'promoted', [inspectStep(options)]),
      ...warmSteps(server, options),
      sealStep(server, facts.synchronous),
      ...when(!inPlace, [
        ...when(facts.liveAnswers, [checkpoint(server)]),
        ...when(!options.stopFirst, close),
        ...stopSteps({ server, ...limits }),
      ]),
      ...swapSteps({ server, incoming: { from: 'scratch' }, ...limits }),
      ...slotSteps(server, facts.cutover.protection).map(({ name }) => ({
        ...renewSlotStep(server),
        onlyIf: { step: name, field: 'reserved', is: false },
      })),
      verifyStep({
        ...questions,
        systemIdentifier: facts.cutover.protection.systemIdentifier,
        timelineAfter: facts.cutover.protection.timeline,
      }),
      ...when(options.confirmBeforeOpen, [confirmStep(options)]),
      openStep({ server }),
      ...startApplicationsSteps(facts.applications),
      ...smokeSteps(facts.smoke),
      ...baselineSteps({
        server,
        streaming: facts.cutover.protection.streaming,
        clusterBytes: facts.clusterBytes,
      }),
      steadyStep(server, durationMs(options.steadyFor)),
      analyzeStep(server, durationMs(options.analyzeWithin)),
      ...replicationSteps(server, facts.synchronous && facts.liveAnswers),
    ];
  },
};

/** A copy of its own, or the one that another plan's run has left paused. */
function copySteps({ bandwidthKBps, inPlace }: PointInTimeOptions, facts: PointInTimeFacts): readonly Step[] {
  if (facts.adopted !== null) return [adoptStep(facts, facts.adopted)];
  return recoverSteps(facts, { bandwidthKBps: bandwidthKBps ?? null, tablespaceHome: 'beside', anew: inPlace });
}

function when(condition: boolean, steps: readonly Step[]): readonly Step[] {
  return condition ? steps : [];
}

export function protectFuture(server: string): Step {
  return {
    name: 'protect-future',
    title: 'Keep every commit until now recoverable, whatever happens to live',
    action: onAgent('future-protect', { server }),
  };
}

/** None where Barman streams without one, or does not stream. */
export function slotSteps(server: string, protection: CutoverBasis['protection']): Step[] {
  if (!protection.streaming || protection.slotName === null) return [];
  return [
    {
      name: 'slot',
      title: `Create the slot ${protection.slotName} on the copy, so that no WAL of the new timeline is missed`,
      action: onAgent('scratch-slot', { server, slot: protection.slotName }),
    },
  ];
}

function warmSteps(server: string, { warmKBps }: PointInTimeOptions): Step[] {
  if (warmKBps === undefined) return [];
  const action = onAgent('scratch-warm', { server, kiloBytesPerSecond: warmKBps });
  return [{ name: 'warm', title: 'Read the copy once, so that it is in memory', action }];
}

export function sealStep(server: string, emptySynchronousNames: boolean): Step {
  return {
    name: 'seal',
    title: "Make the copy ready to take live's place: its settings, its owner, on disk",
    action: onAgent('scratch-seal', { server, ...(emptySynchronousNames ? { emptySynchronousNames } : {}) }),
  };
}

export function checkpoint(server: string): Step {
  return {
    name: 'checkpoint',
    title: 'Let live write down what is in memory, so that it stops quickly',
    action: onAgent('live-checkpoint', { server }),
  };
}

function inspectStep({ inspect, inspectFor }: PointInTimeOptions): Step {
  return gateStep('inspect', {
    title: 'Wait for a person who has looked at the restored data',
    ask: `The copy is ${inspect === 'paused' ? 'paused at the target' : 'promoted and still isolated'}; live goes on as it is. Look at the data (POST /v1/runs/{id}/probe), then let it take live's place, or cancel.${inspect === 'paused' ? ' For a later target make a plan with adopt: it goes on from this copy after hand-over.' : ''}`,
    choices: inspect === 'paused' ? ['continue', 'hand-over', 'cancel'] : ['continue', 'cancel'],
    deadlineMs: durationMs(inspectFor),
    ...(inspect === 'paused' ? { handsOver: discardName } : {}),
  });
}

function confirmStep({ inspectFor }: PointInTimeOptions): Step {
  return gateStep('confirm-open', {
    title: 'Wait for a person before anybody else gets in',
    ask: 'The restored cluster runs as live and the fence is on: nobody but its superuser and Barman gets in. Open it, or cancel and put the old one back.',
    choices: ['open', 'cancel'],
    deadlineMs: durationMs(inspectFor),
  });
}
