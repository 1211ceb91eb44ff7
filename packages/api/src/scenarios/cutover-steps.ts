import type { Params } from '@barback/shared/operations/index.ts';
import type { Probe } from '@barback/shared/operations/scratch-probe.ts';
import { durationMs } from './duration.ts';
import { onAgent, type Step } from './step.ts';

/** What the outage consists of; none of it depends on the size of the database. */
export interface Cutover {
  readonly server: string;
  readonly incoming: Params<'live-swap'>['incoming'];
  readonly stopDeadlineMs: number;
  readonly startDeadlineMs: number;
}

/** As the options of a plan have them. */
export function limitsOf(options: { readonly stopWithin: string; readonly startWithin: string }) {
  return { stopDeadlineMs: durationMs(options.stopWithin), startDeadlineMs: durationMs(options.startWithin) };
}

/** Nobody but the local superuser and Barman gets in until the fence is lifted. */
export function fenceStep({ server }: Pick<Cutover, 'server'>): Step {
  return {
    name: 'fence',
    title: 'Let nobody into live but its superuser and Barman',
    action: onAgent('live-fence', { server }),
    inverse: { when: 'failure', name: 'unfence', title: 'Lift the fence', action: onAgent('live-unfence', { server }) },
  };
}

/** Live ends, and what only its pg_wal holds is saved. */
export function stopSteps({ server, stopDeadlineMs, startDeadlineMs }: Omit<Cutover, 'incoming'>): Step[] {
  return [
    {
      name: 'stop-live',
      title: 'Stop live and keep it from being started',
      action: onAgent('live-stop', { server, deadlineMs: stopDeadlineMs }),
      inverse: {
        when: 'failure',
        name: 'start-old',
        title: 'Start what was live',
        action: onAgent('live-start', { server, deadlineMs: startDeadlineMs }),
      },
    },
    {
      name: 'save-tail',
      title: "Save the WAL that only live's pg_wal holds",
      action: onAgent('wal-tail-save', { server }),
    },
  ];
}

/** Another cluster takes live's place and starts; `between` is done while nothing runs. */
export function swapSteps(
  { server, incoming, stopDeadlineMs, startDeadlineMs }: Cutover,
  between: readonly Step[] = [],
): Step[] {
  return [
    {
      name: 'swap',
      title: 'Put the restored directory at the live path and keep the old one',
      action: onAgent('live-swap', { server, incoming }),
      inverse: {
        when: 'failure',
        name: 'swap-back',
        title: 'Put the old directory back at the live path',
        action: onAgent('live-swap-back', { server }),
      },
    },
    ...between,
    {
      name: 'start-live',
      title: 'Start the restored cluster as live',
      action: onAgent('live-start', { server, deadlineMs: startDeadlineMs }),
      inverse: {
        when: 'failure',
        name: 'stop-new',
        title: 'Stop the restored cluster',
        action: onAgent('live-stop', { server, deadlineMs: stopDeadlineMs }),
      },
    },
  ];
}

/** For a cluster that started as live without a slot that keeps its WAL. */
export function renewSlotStep(server: string): Step {
  return {
    name: 'renew-slot',
    title: "Let Barman's slot keep WAL from now on",
    action: onAgent('slot-renew', { server }),
  };
}

export interface Verification {
  readonly server: string;
  readonly systemIdentifier: string | null;
  readonly timelineAfter: number | null;
  readonly probes: readonly Probe[];
  readonly statementTimeoutMs: number;
}

export function verifyStep({
  server,
  systemIdentifier,
  timelineAfter,
  probes,
  statementTimeoutMs,
}: Verification): Step {
  return {
    name: 'verify',
    title: 'Prove that live is the restored cluster, and ask it the probes',
    action: onAgent('live-probe', {
      server,
      systemIdentifier,
      timelineAfter,
      probes: [...probes],
      statementTimeoutMs,
    }),
  };
}

/** The point of no return: from here on the application may write. */
export function openStep({ server }: Pick<Cutover, 'server'>): Step {
  return {
    name: 'open',
    title: 'Lift the fence: live is open',
    action: onAgent('live-unfence', { server }),
    commits: true,
  };
}

/** The window in which it must have run without an interruption; as a rule the base backup before it took longer. */
export function steadyStep(server: string, forMs: number): Step {
  return {
    name: 'steady',
    title: 'Make sure that live has run without an interruption since it was restored',
    action: onAgent('live-steady', { server, forMs }),
  };
}

/** What a recovery has reset is gathered again when everything that matters more is done; how it ends, no run depends on. */
export function analyzeStep(server: string, withinMs: number): Step {
  return {
    name: 'analyze',
    title: 'Gather the statistics that recovery has reset',
    action: onAgent('live-analyze', { server, withinMs }),
  };
}
