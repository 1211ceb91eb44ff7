import { onAgent, type Step } from './step.ts';

export interface Baseline {
  readonly server: string;
  readonly streaming: boolean;
  /** Size of the cluster; null when it is not known. */
  readonly clusterBytes: number | null;
}

export function startReceivingStep(server: string): Step {
  return {
    name: 'start-receive-wal',
    title: 'Start receive-wal and wait until live streams to it',
    action: onAgent('receive-wal-start', { server }),
  };
}

export function backupStep(server: string, clusterBytes: number | null, more: { startReceiving?: true } = {}): Step {
  return {
    name: 'backup',
    title: 'Make a base backup and wait until it is DONE',
    action: onAgent('backup-create', { server, expectBytes: clusterBytes, ...more }),
    inverse: {
      when: 'failure',
      name: 'discard-backup',
      title: 'Delete the backup if it is not complete',
      action: onAgent('backup-discard', { server }),
    },
  };
}

/** Part of success: WAL of the new timeline arrives, a backup stands on it, and Barman has no complaint. */
export function baselineSteps({ server, streaming, clusterBytes }: Baseline): Step[] {
  return [
    ...(streaming ? [startReceivingStep(server)] : []),
    {
      name: 'timeline-archived',
      title: 'Wait until Barman has archived the new timeline',
      action: onAgent('timeline-archived', { server }),
    },
    // A run that goes on behind a restart does not repeat the step that has started receive-wal.
    backupStep(server, clusterBytes, streaming ? { startReceiving: true } : {}),
    {
      name: 'check-passed',
      title: 'Wait until no check of Barman fails',
      action: onAgent('check-passed', { server, tolerate: [] }),
    },
  ];
}
