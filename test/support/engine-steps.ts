import type { RunView } from '@barback/api/engine/run-view.ts';
import { drill, drillOptionsSchema } from '@barback/api/scenarios/drill.ts';
import { onAgent, type Step } from '@barback/api/scenarios/step.ts';
import { backup, basis, server } from './engine-rig.ts';

const backupId = backup.id;

/** A whole drill, as the planner would freeze it. */
export function drillSteps(options: { hold?: string } = {}): readonly Step[] {
  return drill.steps(drillOptionsSchema.parse(options), {
    server,
    backup,
    timeline: 1,
    target: { type: 'latest' },
    expect: null,
    basis,
    jobs: 1,
    configuredProbes: [],
    settings: {
      maxConnections: 100,
      maxWorkerProcesses: 8,
      maxWalSenders: 10,
      maxPreparedTransactions: 0,
      maxLocksPerTransaction: 64,
      sharedPreloadLibraries: [],
    },
    bounds: { rowLossPercentMax: null, tablesMin: null },
    mirrored: null,
  });
}

/** One job and what ends it, the smallest plan that leaves something behind when it is forgotten. */
export const leaseStep: Step = {
  name: 'lease',
  title: 'Keep the backup',
  action: onAgent('backup-lease', { server, backupId }),
  inverse: {
    when: 'always',
    name: 'release',
    title: 'End the keep',
    action: onAgent('backup-release', { server, backupId }),
  },
};
export const checkStep: Step = { name: 'check', title: 'Ask Barman', action: onAgent('barman-check', { server }) };
export const verifyStep: Step = {
  name: 'verify',
  title: 'Compare with the manifest',
  action: onAgent('scratch-verify-manifest', { server, backupId }),
};
export const discardStep: Step = {
  name: 'discard',
  title: 'Delete the copy',
  action: onAgent('scratch-discard', { server }),
};
export const stopStep: Step = { name: 'stop', title: 'Stop the copy', action: onAgent('scratch-stop', { server }) };
export const gateStep: Step = {
  name: 'inspect',
  title: 'Let a person look',
  action: { on: 'person', ask: 'Is it right?', choices: ['go on'], deadlineMs: 3_600_000, atDeadline: 'cancel' },
};

/** The run as one column: steps with their state, `<` before what puts something back. */
export function runTree({ state, steps }: RunView): string[] {
  return [...steps.map((step) => `${step.cleanup ? '< ' : ''}${step.name} ${step.state}`), `= ${state}`];
}
