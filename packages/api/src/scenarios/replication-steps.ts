import { onAgent, type Condition, type PersonAction, type Step } from './step.ts';

const disableName = 'disable-subscriptions';
const gateMs = 30 * 60_000;

/** A restored subscription would take from its publisher what the first one still needs, or skip what lies between (T28). */
export function disableSubscriptionsStep(server: string): Step {
  return {
    name: disableName,
    title: 'Disable the subscriptions of the copy',
    action: onAgent('scratch-subscriptions', { server }),
  };
}

/** Live is open and protected again; whoever replicates is brought back on a person's word, and left alone otherwise. */
export function replicationSteps(server: string, synchronous: boolean): Step[] {
  return [
    {
      name: 'subscriptions',
      title: 'Ask whether the subscriptions of live go on',
      action: laterAtDeadline(
        `Subscriptions were disabled (result of ${disableName}). Copy their tables anew where they must not skip or repeat anything, then let them be enabled here, or do it yourself: ALTER SUBSCRIPTION … ENABLE.`,
        'enable',
      ),
      onlyIf: { step: disableName, field: 'any', is: true },
    },
    {
      name: 'enable-subscriptions',
      title: 'Enable the subscriptions again',
      action: onAgent('live-subscriptions', { server }),
      onlyIf: { step: 'subscriptions', field: 'decision', is: 'enable' },
    },
    ...(synchronous ? synchronousSteps(server, null) : []),
  ];
}

/** The names of those that followed what was live before, asked for unless an earlier step has found none. */
export function synchronousSteps(server: string, onlyIf: Condition | null): Step[] {
  return [
    {
      name: 'standbys',
      title: 'Ask whether the synchronous standbys are back',
      action: laterAtDeadline(
        'Live runs with synchronous_standby_names empty, because no standby follows what was restored. Rebuild the standbys (pg_basebackup, pg_rewind); when they stream, the names are set again here. Later, by hand: ALTER SYSTEM RESET synchronous_standby_names (or SET it), then SELECT pg_reload_conf().',
        'back',
      ),
      ...(onlyIf === null ? {} : { onlyIf }),
    },
    {
      name: 'synchronous-names',
      title: 'Set synchronous_standby_names again',
      action: onAgent('live-synchronous-names', { server }),
      onlyIf: { step: 'standbys', field: 'decision', is: 'back' },
    },
  ];
}

function laterAtDeadline(ask: string, choice: string): PersonAction {
  return { on: 'person', ask, choices: [choice, 'later'], deadlineMs: gateMs, atDeadline: 'later' };
}
