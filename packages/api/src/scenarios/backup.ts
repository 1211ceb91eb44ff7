import { z } from 'zod';
import { backupStep } from './baseline-steps.ts';
import type { ProtectionBasis } from './protection-basis.ts';
import { checkStep, recheckProtectionSteps } from './recheck-steps.ts';
import type { Scenario } from './scenario.ts';

export const backupOptionsSchema = z
  .strictObject({
    /** Findings of severity `confirm` that the operator has read, by code. */
    acknowledge: z.array(z.string().max(64)).max(32).default([]),
  })
  .meta({ id: 'BackupOptions' });

export interface BackupFacts {
  readonly server: string;
  readonly basis: ProtectionBasis;
  readonly clusterBytes: number | null;
}

/** A base backup now, with an immediate checkpoint, also of an idle database (T38). */
export const backup: Scenario<typeof backupOptionsSchema, BackupFacts> = {
  name: 'backup',
  title: 'Base backup',
  touches: 'archive',
  undo: 'nothing to take back: Barman has one backup more',
  options: backupOptionsSchema,
  steps(_options, { server, basis, clusterBytes }) {
    return [...recheckProtectionSteps(server, basis), checkStep(server), backupStep(server, clusterBytes)];
  },
};
