import { backup } from '../scenarios/backup.ts';
import { archivePlan } from './archive-plan.ts';
import type { GatheredProtection } from './gather.ts';
import { backupPlanSchema, type BackupPlan } from './plan-document.ts';
import type { FrameInput } from './plan-frame.ts';
import type { BackupRequest } from './plan-request.ts';
import { clusterBytesOf, protectionBasisOf } from './protection-of.ts';

export interface BackupInput extends FrameInput {
  readonly request: BackupRequest;
  readonly gathered: GatheredProtection;
}

/** The plan of a base backup. Pure. */
export function makeBackupPlan(input: BackupInput): BackupPlan {
  const { request, gathered } = input;
  const steps = backup.steps(request.options, {
    server: request.server,
    basis: protectionBasisOf(gathered),
    clusterBytes: clusterBytesOf(gathered.host),
  });
  return backupPlanSchema.parse(
    archivePlan(input, {
      steps,
      undo: backup.undo,
      slots: { barman: null, others: [] },
      options: { slot: 'keep', dropSlots: [], acknowledge: [] },
    }),
  );
}
