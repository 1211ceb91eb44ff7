import { z } from 'zod';
import { backupStep } from './baseline-steps.ts';
import type { ProtectionBasis } from './protection-basis.ts';
import type { Scenario } from './scenario.ts';
import { onAgent } from './step.ts';

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
    return [
      { name: 'look-at-host', title: 'Look at the host again', action: onAgent('host-facts', { server }) },
      {
        name: 'look-at-protection',
        title: 'Look again at how WAL reaches Barman',
        action: onAgent('protection-facts', { server }),
      },
      {
        name: 'recheck',
        title: 'Compare with what the plan was made from',
        action: { on: 'api', op: 'recheck-protection', params: { ...basis } },
      },
      { name: 'check', title: 'Ask Barman how it is', action: onAgent('barman-check', { server }) },
      backupStep(server, clusterBytes),
    ];
  },
};
