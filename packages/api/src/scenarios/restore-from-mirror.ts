import type { Params } from '@barback/shared/operations/index.ts';
import type { Probe } from '@barback/shared/operations/scratch-probe.ts';
import { z } from 'zod';
import {
  applicationStarts,
  connectedSteps,
  lookAtApplicationsSteps,
  reconnectSteps,
  startApplicationsSteps,
  stopApplicationsSteps,
  type Applications,
} from './application-steps.ts';
import { addressSchema } from './address.ts';
import { baselineSteps } from './baseline-steps.ts';
import { carryBarmansCredentialsStep } from './credential-steps.ts';
import {
  judgeStep,
  probePromotedStep,
  probeStep,
  promoteStep,
  leaseStep,
  recoverSteps,
  replaySteps,
  type CopyFacts,
} from './copy-steps.ts';
import { adoptConfigurationSteps, type AdoptedConfiguration } from './configuration-steps.ts';
import type { CutoverBasis } from './cutover-basis.ts';
import { cutoverOptions } from './cutover-options.ts';
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
import { copyOptions } from './copy-options.ts';
import { durationMs, durationSchema } from './duration.ts';
import { gateStep } from './gate-step.ts';
import { adoptHomeStep, backfillStep, fetchForBarmanStep, judgeMirroredSteps, type Mirrored } from './mirror-steps.ts';
import { sealStep, slotSteps } from './point-in-time.ts';
import { checkToleratingStep, lookAtHostStep, recheckCutoverSteps } from './recheck-steps.ts';
import type { Scenario } from './scenario.ts';
import { lookAtSmokeSteps, smokeSteps, type SmokeCheck } from './smoke-steps.ts';
import { onAgent, type Step } from './step.ts';

export const restoreFromMirrorOptionsSchema = z
  .strictObject({
    ...copyOptions,
    /** On a host that is thrown away: no application is stopped, started or checked, and nobody is asked whether the old host is gone. */
    rehearsal: z.boolean().default(false),
    /** Wait for a person's word when live is restored and the fence is still on. */
    confirmBeforeOpen: z.boolean().default(false),
    /** How long a gate waits before it cancels. */
    confirmFor: durationSchema.default('2h'),
    applicationStart: z.enum(applicationStarts).default('auto'),
    /** Where applications whose settings name a variable find this host; left out: they reach it by a name that stays. */
    databaseAddress: addressSchema.optional(),
    /** PostgreSQL's configuration of the lost host: written but for what is of this host, or only shown by the plan. */
    configuration: z.enum(['show', 'adopt']).default('show'),
    /** When indexes over text are made anew whose collation has another version on this host. */
    reindex: z.enum(['before-open', 'afterwards']).default('before-open'),
    ...cutoverOptions,
  })
  .meta({ id: 'RestoreFromMirrorOptions' });

export interface RestoreFromMirrorFacts extends CopyFacts {
  readonly cutover: CutoverBasis;
  readonly goesLive: Params<'scratch-start'>['goesLive'];
  readonly mirrored: Mirrored & { readonly mirroredAt: string };
  /** Whether the cluster that lies at the live path answers. */
  readonly liveAnswers: boolean;
  readonly applications: Applications;
  readonly smoke: readonly SmokeCheck[];
  readonly tablesMin: number | null;
  readonly configuredProbes: readonly Probe[];
  readonly clusterBytes: number | null;
  readonly configuration: AdoptedConfiguration;
}

/**
 * What fails on a host whose database is not there yet (T42): everything else is wrong with the host itself. As Barman's JSON names them
 * (3.4.0 and 3.13.3, output.py, _mangle_key), which is not as its text does.
 */
export const toleratedChecks: readonly string[] = [
  'postgresql',
  'postgresql_streaming',
  'superuser_or_standard_user_with_backup_privileges',
  'replication_slot',
  'receive_wal_running',
  'systemid_coherence',
  // Only where it fails.
  'wal_archive',
  'minimum_redundancy_requirements',
  'failed_backups',
  'backup_maximum_age',
  'backup_minimum_size',
  'wal_maximum_age',
  'wal_size',
];

/** Everything that the mirror holds, on a new host. */
export const restoreFromMirror: Scenario<typeof restoreFromMirrorOptionsSchema, RestoreFromMirrorFacts> = {
  name: 'restore-from-mirror',
  title: 'Restore from the mirror',
  touches: 'live',
  undo: 'POST /v1/runs/{id}/undo puts the cluster back that this host had before; what the mirror holds stays there',
  options: restoreFromMirrorOptionsSchema,
  steps(options, facts) {
    const { server, cutover } = facts;
    const probes = [...facts.configuredProbes, ...options.probes];
    const questions = { server, probes, statementTimeoutMs: options.statementTimeoutMs };
    const limits = limitsOf(options);
    const bandwidthKBps = options.bandwidthKBps ?? null;
    const { systemIdentifier } = facts.backup;
    return [
      lookAtHostStep(server),
      ...recheckCutoverSteps(server, cutover),
      checkToleratingStep(server, toleratedChecks),
      ...lookAtApplicationsSteps(facts.applications),
      ...lookAtSmokeSteps(facts.smoke),
      fetchForBarmanStep(facts, { bandwidthKBps, mirroredAt: facts.mirrored.mirroredAt }),
      ...recoverSteps(facts, { bandwidthKBps, tablespaceHome: 'beside', fromMirror: true }),
      ...replaySteps(facts, facts.goesLive),
      ...judgeMirroredSteps(facts.mirrored),
      probeStep(questions),
      ...slotSteps(server, cutover.protection),
      promoteStep(facts),
      ...(facts.liveAnswers ? [carryBarmansCredentialsStep(server)] : []),
      ...(probes.length > 0 ? [probePromotedStep(questions)] : []),
      judgeStep('Judge the probes, before anything of this host is replaced', {
        rowLossPercentMax: null,
        tablesMin: facts.tablesMin,
      }),
      // Whoever followed the lost host follows no new one.
      sealStep(server, true),
      ...adoptConfigurationSteps(server, facts.configuration),
      ...stopApplicationsSteps(facts.applications),
      fenceStep({ server }),
      ...stopSteps({ server, ...limits }),
      ...swapSteps({ server, incoming: { from: 'scratch' }, ...limits }, [adoptHomeStep(server)]),
      ...slotSteps(server, cutover.protection).map(({ name }) => ({
        ...renewSlotStep(server),
        onlyIf: { step: name, field: 'reserved', is: false },
      })),
      verifyStep({ ...questions, systemIdentifier, timelineAfter: facts.timeline }),
      ...(options.reindex === 'before-open' ? [reindexStep(server)] : []),
      ...(options.confirmBeforeOpen ? [confirmStep(options.confirmFor)] : []),
      openStep({ server }),
      ...reconnectSteps(facts.applications, options.databaseAddress),
      ...startApplicationsSteps(facts.applications),
      ...connectedSteps(server, facts.applications),
      ...smokeSteps(facts.smoke),
      ...(options.reindex === 'afterwards' ? [reindexStep(server)] : []),
      // Until everything is back, retention must not take what is.
      { ...leaseStep(facts), name: 'keep-backup' },
      backfillStep(facts, bandwidthKBps),
      ...baselineSteps({ server, streaming: cutover.protection.streaming, clusterBytes: facts.clusterBytes }),
      steadyStep(server, durationMs(options.steadyFor)),
      analyzeStep(server, durationMs(options.analyzeWithin)),
    ];
  },
};

function reindexStep(server: string): Step {
  return {
    name: 'reindex',
    title: 'Make indexes anew whose collation has another version on this host',
    action: onAgent('live-reindex', { server }),
  };
}

function confirmStep(within: string) {
  return gateStep('confirm-open', {
    title: 'Wait for a person before anybody else gets in',
    ask: 'The restored cluster runs as live on this host and the fence is on. Open it, or cancel and put back what was here.',
    choices: ['open', 'cancel'],
    deadlineMs: durationMs(within),
  });
}
