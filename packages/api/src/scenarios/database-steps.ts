import type { Params } from '@barback/shared/operations/index.ts';
import type { Probe } from '@barback/shared/operations/scratch-probe.ts';
import { onAgent, type Step } from './step.ts';

/** A name goes from one database to another; from `open` on there may be writes, and only an undo takes it back. */
export function exchangeSteps(exchange: Params<'database-open'>, deadlineMs: number): Step[] {
  const { database } = exchange;
  return [
    {
      name: 'swap',
      title: `Let nobody into ${database}, and exchange the names in one transaction`,
      action: onAgent('database-swap', { ...exchange, deadlineMs }),
      inverse: {
        when: 'failure',
        name: 'swap-back',
        title: `Give ${database} its name back, and let everybody in again`,
        action: onAgent('database-swap-back', exchange),
      },
    },
    {
      name: 'open',
      title: `Let everybody into ${database}`,
      action: onAgent('database-open', exchange),
      commits: true,
    },
  ];
}

interface Asked {
  readonly server: string;
  readonly systemIdentifier: string | null;
  readonly configuredProbes: readonly Probe[];
}

export function verifyDatabaseStep({ server, systemIdentifier, configuredProbes }: Asked): Step {
  return {
    name: 'verify',
    title: 'Ask live the configured probes',
    action: onAgent('live-probe', {
      server,
      systemIdentifier,
      timelineAfter: null,
      probes: [...configuredProbes],
      statementTimeoutMs: 60_000,
    }),
  };
}
