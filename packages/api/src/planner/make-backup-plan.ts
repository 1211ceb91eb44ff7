import { backup } from '../scenarios/backup.ts';
import { protectionFindings } from './findings/protection-findings.ts';
import type { GatheredProtection } from './gather.ts';
import { backupPlanSchema, type BackupPlan } from './plan-document.ts';
import { planFrame, type FrameInput } from './plan-frame.ts';
import type { BackupRequest } from './plan-request.ts';
import { clusterBytesOf, protectionBasisOf } from './protection-of.ts';
import { simplePredictions } from './predict.ts';

export interface BackupInput extends FrameInput {
  readonly request: BackupRequest;
  readonly gathered: GatheredProtection;
}

/** The plan of a base backup. Pure. */
export function makeBackupPlan(input: BackupInput): BackupPlan {
  const { request, gathered } = input;
  const { host, protection } = gathered;
  const basis = protectionBasisOf(gathered);
  const clusterBytes = clusterBytesOf(host);
  const steps = backup.steps(request.options, { server: request.server, basis, clusterBytes });
  return backupPlanSchema.parse({
    ...planFrame(input, request, host),
    findings: protectionFindings({
      host,
      protection,
      options: { slot: 'keep', dropSlots: [], acknowledge: [] },
      slots: { barman: null, others: [] },
      clusterBytes,
      activeRun: input.activeRun,
      earlierSystemIdentifier: input.earlierSystemIdentifier,
    }),
    predictions: simplePredictions(
      steps.map(({ name }) => ({ step: name, bytes: name === 'backup' ? clusterBytes : null })),
      input.measures,
      backup.undo,
    ),
    postgresVersionNum: host.live?.versionNum ?? null,
    basis,
    steps,
  });
}
