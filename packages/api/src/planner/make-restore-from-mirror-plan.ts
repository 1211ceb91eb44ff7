import type { Result } from '@barback/shared/operations/index.ts';
import type { AdoptedConfiguration } from '../scenarios/configuration-steps.ts';
import { restoreFromMirror } from '../scenarios/restore-from-mirror.ts';
import type { Step } from '../scenarios/step.ts';
import { applicationsOf, smokeOf, sqlSmokeOf } from './applications-of.ts';
import type { ChosenBackup } from './choose-mirrored.ts';
import { copySettings } from './copy-facts.ts';
import { cutoverBasis } from './cutover-basis.ts';
import { cutoverFindings } from './findings/cutover-rules.ts';
import { mirrorFindings } from './findings/mirror-rules.ts';
import { vaultFindings } from './findings/vault-rules.ts';
import { inOrder } from './findings/order.ts';
import type { GatheredCutover } from './gather.ts';
import { goesLive } from './make-point-in-time-plan.ts';
import { restoreFromMirrorPlanSchema, type Predictions, type RestoreFromMirrorPlan } from './plan-document.ts';
import { planFrame, type FrameInput } from './plan-frame.ts';
import type { RestoreFromMirrorRequest } from './plan-request.ts';
import { simplePredictions } from './predict.ts';
import { outageSeconds } from './predict-outage.ts';

/** Of the files that differ, which a plan names. */
const configurationMax = 100;

export interface RestoreFromMirrorInput extends FrameInput {
  readonly request: RestoreFromMirrorRequest;
  readonly host: Result<'host-facts'>;
  readonly cutover: GatheredCutover;
  readonly catalogue: Result<'mirror-catalogue'>;
  readonly vault: Result<'vault-compare'>;
  readonly chosen: ChosenBackup;
  /** What the api knows of that the mirror may not hold; null: nothing is known. */
  readonly lost: Predictions['lost'];
  /** When the api last knew the mirror to be brought up to date: RFC 3339 UTC. */
  readonly lastKnown: string | null;
}

/** The plan that brings a lost server up on a new host, from the box alone. Pure. */
export function makeRestoreFromMirrorPlan(input: RestoreFromMirrorInput): RestoreFromMirrorPlan {
  const { request, host, cutover, catalogue, vault, chosen, settings } = input;
  const { server, options } = request;
  const { rehearsal } = options;
  const list = rehearsal ? [] : applicationsOf(server, settings);
  const names = list.map((one) => one.name);
  const basis = cutoverBasis(host, cutover);
  const { mirroredAt, newestCommit } = catalogue;
  const steps = restoreFromMirror.steps(options, {
    server,
    backup: chosen.backup,
    timeline: chosen.timeline,
    target: { type: 'latest' },
    expect: null,
    jobs: host.jobs,
    settings: copySettings(host),
    cutover: basis,
    goesLive: goesLive(cutover.facts),
    mirrored: { newestCommit, mirroredAt },
    liveAnswers: host.live !== null,
    applications: { list, start: options.applicationStart, caution: null },
    smoke: rehearsal ? [] : smokeOf(settings),
    tablesMin: settings.tablesMin,
    configuredProbes: [...host.probes, ...sqlSmokeOf(settings)],
    clusterBytes: chosen.backup.sizeBytes,
    configuration: adopted(options.configuration, vault),
  });
  const { source, liveTimeline, files, bytes } = catalogue;
  return restoreFromMirrorPlanSchema.parse({
    ...planFrame(input, request, host),
    // What lies here until then is not what later plans compare with.
    systemIdentifier: chosen.backup.systemIdentifier,
    findings: inOrder([
      ...mirrorFindings(input),
      ...vaultFindings({ ...vault, asked: options.configuration }),
      ...cutoverFindings({ server, host, cutover: cutover.facts, undoneDdl: 0, names, destroyed: null }),
    ]),
    predictions: predictions(input, steps),
    postgresVersionNum: chosen.backup.postgresVersionNum,
    cutover: basis,
    applications: names,
    backup: chosen.backup,
    timeline: chosen.timeline,
    mirror: { source, mirroredAt, newestCommit, liveTimeline, files, bytes },
    vault: {
      version: vault.version,
      configuration: vault.configuration.slice(0, configurationMax),
      adopted: options.configuration === 'adopt' ? vault.adoptable : [],
    },
    steps,
  });
}

function adopted(
  asked: RestoreFromMirrorRequest['options']['configuration'],
  { version, adoptable }: Result<'vault-compare'>,
): AdoptedConfiguration {
  if (asked === 'show' || version === null || adoptable.length === 0) return null;
  return { version, files: adoptable.map(({ path, sha256 }) => ({ path, sha256 })) };
}

function predictions(
  { catalogue, chosen, measures, lost }: RestoreFromMirrorInput,
  steps: readonly Step[],
): Predictions {
  const needed = catalogue.needed.find(({ backupId }) => backupId === chosen.backup.id)?.bytes ?? null;
  const size = chosen.backup.sizeBytes;
  const amounts: Readonly<Record<string, number | null>> = {
    fetch: needed,
    recover: needed,
    'verify-manifest': size,
    backfill: needed === null ? null : catalogue.bytes - needed,
    backup: size,
  };
  const named = steps.map(({ name }) => ({ step: name, bytes: amounts[name] ?? null }));
  const simple = simplePredictions(named, measures, restoreFromMirror.undo);
  return {
    ...simple,
    scratchBytes: size ?? 0,
    walBytes: needed === null || size === null ? null : Math.max(0, needed - size),
    outageSeconds: outageSeconds(simple.steps, steps),
    lost,
  };
}
