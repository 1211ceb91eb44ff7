import type { Params, Result } from '@barback/shared/operations/index.ts';
import type { ApplicationStart } from '../scenarios/application-steps.ts';
import { pointInTime } from '../scenarios/point-in-time.ts';
import { applicationsOf, smokeOf, sqlSmokeOf } from './applications-of.ts';
import { courseFrom, type Adopted } from './find-adopted.ts';
import { copyFacts } from './copy-facts.ts';
import { basisOfCopy, copyBytes, copyPlan, type CopyPlanInput } from './copy-plan.ts';
import { cutoverBasis } from './cutover-basis.ts';
import { cutoverFindings } from './findings/cutover-rules.ts';
import type { Destroyed } from './findings/extract-rule.ts';
import { inOrder } from './findings/order.ts';
import type { GatheredCutover } from './gather.ts';
import { pointInTimePlanSchema, type PointInTimePlan } from './plan-document.ts';
import { outageSeconds } from './predict-outage.ts';
import type { PointInTimeRequest } from './plan-request.ts';

export interface PointInTimeInput extends CopyPlanInput {
  readonly request: PointInTimeRequest;
  readonly cutover: GatheredCutover;
  /** Transactions that the restore undoes and that changed definitions. */
  readonly undoneDdl: number;
  readonly destroyed: Destroyed | null;
  readonly adopted: Adopted | null;
}

/** The plan of a restore of live. Pure. */
export function makePointInTimePlan(asked: PointInTimeInput): PointInTimePlan {
  const { adopted } = asked;
  const input = adopted === null ? asked : goingOn(asked, adopted);
  const { request, gathered, course, cutover, undoneDdl, destroyed, settings } = input;
  const { server, options } = request;
  const { host } = gathered;
  const list = applicationsOf(server, settings);
  const names = list.map((one) => one.name);
  const basis = cutoverBasis(host, cutover);
  const steps = pointInTime.steps(options, {
    ...copyFacts(server, gathered, course),
    basis: basisOfCopy(input),
    cutover: basis,
    goesLive: goesLive(cutover.facts),
    liveAnswers: host.live !== null,
    synchronous: host.live === null || (host.live.settings['synchronous_standby_names'] ?? '') !== '',
    applications: { list, start: startOf(options.applicationStart, undoneDdl), caution: caution(undoneDdl) },
    smoke: smokeOf(settings),
    tablesMin: settings.tablesMin,
    configuredProbes: [...host.probes, ...sqlSmokeOf(settings)],
    clusterBytes: course.backup.sizeBytes,
    adopted: adopted?.plan ?? null,
    needBytes: copyBytes(input),
  });
  const plan = copyPlan(input, steps);
  return pointInTimePlanSchema.parse({
    ...plan,
    findings: inOrder([
      ...plan.findings,
      ...cutoverFindings({ server, host, cutover: cutover.facts, undoneDdl, names, destroyed }),
    ]),
    predictions: { ...plan.predictions, outageSeconds: outageSeconds(plan.predictions.steps, steps) },
    cutover: basis,
    applications: names,
    undoneDdl,
  });
}

/** The copy takes no more room than it has, and the run that made it ends before this one begins. */
function goingOn(input: PointInTimeInput, adopted: Adopted): PointInTimeInput {
  const { activeRun, course, picture } = input;
  return {
    ...input,
    course: courseFrom(adopted, course, picture.state.segmentBytes),
    scratchFiles: null,
    copied: true,
    activeRun: activeRun?.id === adopted.run ? null : activeRun,
  };
}

/** What PostgreSQL itself takes as given where live does not say. */
const defaults: NonNullable<Params<'scratch-start'>['goesLive']> = {
  walLevel: 'replica',
  trackCommitTimestamp: false,
  walLogHints: false,
  archiveMode: 'off',
  maxReplicationSlots: 10,
};

/** Null settings: live does not answer. */
export function goesLive({ settings }: Result<'cutover-facts'>): Params<'scratch-start'>['goesLive'] {
  if (settings === null) return defaults;
  const { walLevel, ...others } = settings;
  return { ...others, walLevel: walLevel === 'minimal' ? 'replica' : walLevel };
}

function startOf(asked: ApplicationStart | undefined, undoneDdl: number): ApplicationStart {
  return asked ?? (undoneDdl > 0 ? 'gate' : 'auto');
}

function caution(undoneDdl: number): string | null {
  if (undoneDdl === 0) return null;
  return `${undoneDdl} of the undone transactions changed definitions: an application that migrates at its start may do it again.`;
}
