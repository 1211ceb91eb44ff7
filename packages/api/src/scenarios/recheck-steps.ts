import type { CutoverBasis } from './cutover-basis.ts';
import type { PlanBasis } from './plan-basis.ts';
import type { ProtectionBasis } from './protection-basis.ts';
import { onAgent, type Step } from './step.ts';

/** Looks at everything again that the plan was made from, before anything is touched. */
export function recheckSteps(server: string, backupId: string, basis: PlanBasis): readonly Step[] {
  return [
    lookAtHostStep(server),
    {
      name: 'look-at-backup',
      title: `Look at backup ${backupId} again`,
      action: onAgent('backup-show', { server, backupId }),
    },
    {
      name: 'look-at-wal',
      title: 'Look at the WAL again',
      action: onAgent('wal-facts', { server, changedSince: null }),
    },
    {
      name: 'recheck',
      title: 'Compare with what the plan was made from',
      action: { on: 'api', op: 'recheck-plan', params: { ...basis } },
    },
  ];
}

/** The same for what is replaced: how live is started, stopped and fenced, and how WAL reaches Barman. */
export function recheckCutoverSteps(server: string, basis: CutoverBasis): readonly Step[] {
  return [
    lookAtProtectionStep(server),
    {
      name: 'look-at-cutover',
      title: 'Look again at how live is started, stopped and fenced',
      action: onAgent('cutover-facts', { server }),
    },
    {
      name: 'recheck-cutover',
      title: 'Compare with what the plan was made from',
      action: { on: 'api', op: 'recheck-cutover', params: { ...basis } },
    },
  ];
}

/** The same for what only touches the archive. */
export function recheckProtectionSteps(server: string, basis: ProtectionBasis): readonly Step[] {
  return [
    lookAtHostStep(server),
    lookAtProtectionStep(server),
    {
      name: 'recheck',
      title: 'Compare with what the plan was made from',
      action: { on: 'api', op: 'recheck-protection', params: { ...basis } },
    },
  ];
}

export function lookAtHostStep(server: string): Step {
  return { name: 'look-at-host', title: 'Look at the host again', action: onAgent('host-facts', { server }) };
}

/** What Barman complains about is part of the record; nothing is judged by it. */
export function checkStep(server: string): Step {
  return { name: 'check', title: 'Ask Barman how it is', action: onAgent('barman-check', { server }) };
}

/** What is wrong with Barman on a new host besides what its database will bring. */
export function checkToleratingStep(server: string, tolerate: readonly string[]): Step {
  return {
    name: 'check',
    title: 'Ask Barman how it is; what only the restored database can mend is not held against it',
    action: onAgent('check-passed', { server, tolerate: [...tolerate] }),
  };
}

function lookAtProtectionStep(server: string): Step {
  return {
    name: 'look-at-protection',
    title: 'Look again at how WAL reaches Barman',
    action: onAgent('protection-facts', { server }),
  };
}
