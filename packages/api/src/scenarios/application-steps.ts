import { gateStep } from './gate-step.ts';
import type { Step } from './step.ts';

/** How the application comes back: at once, after a person's word, or not by Barback (T27). */
export const applicationStarts = ['auto', 'gate', 'never'] as const;
export type ApplicationStart = (typeof applicationStarts)[number];

export interface ApplicationOfPlan {
  /** In the server's settings. */
  readonly name: string;
  /** A person stops and starts it. */
  readonly byPerson: boolean;
}

export interface Applications {
  /** In the order in which they are stopped. */
  readonly list: readonly ApplicationOfPlan[];
  readonly start: ApplicationStart;
  /** What speaks for asking first; null: nothing. */
  readonly caution: string | null;
}

const gateMs = 30 * 60_000;

const startGateName = 'application-start';

/** How each is before it is touched: what must be put back is recorded before anything changes. */
export function lookAtApplicationsSteps({ list }: Pick<Applications, 'list'>): Step[] {
  return list
    .filter((one) => !one.byPerson)
    .map(({ name }) => ({
      name: `look-at-${name}`,
      title: `Look at the application ${name}`,
      action: { on: 'api', op: 'application-look', params: { application: name } },
    }));
}

export function stopApplicationsSteps({ list }: Pick<Applications, 'list'>): Step[] {
  return list.map(({ name, byPerson }): Step => {
    if (byPerson) return stopGate(name);
    return {
      name: `stop-${name}`,
      title: `Stop the application ${name}`,
      action: { on: 'api', op: 'application-stop', params: { application: name } },
      inverse: {
        when: 'failure',
        name: `start-${name}-again`,
        title: `Start the application ${name} as it was`,
        action: { on: 'api', op: 'application-start', params: { application: name } },
      },
    };
  });
}

export function startApplicationsSteps({ list, start, caution }: Applications): Step[] {
  if (list.length === 0 || start === 'never') return [];
  const asked = start === 'gate' ? { onlyIf: { step: startGateName, field: 'decision', is: 'start' } } : {};
  const starts = list.toReversed().map(({ name, byPerson }): Step => {
    if (byPerson) return startedGate(name);
    return {
      name: `start-${name}`,
      title: `Start the application ${name} as it was`,
      action: { on: 'api', op: 'application-start', params: { application: name } },
      ...asked,
    };
  });
  return start === 'gate' ? [startGate(list, caution), ...starts] : starts;
}

function stopGate(name: string): Step {
  return gateStep(`stop-${name}`, {
    title: `Wait until a person has stopped the application ${name}`,
    ask: `Stop ${name}: live is about to be replaced. Whoever is still connected then is put out.`,
    choices: ['stopped', 'cancel'],
    deadlineMs: gateMs,
  });
}

function startedGate(name: string): Step {
  const ask = `Live is restored and open: start ${name}.`;
  return {
    name: `start-${name}`,
    title: `Wait until a person has started the application ${name}`,
    action: { on: 'person', ask, choices: ['started'], deadlineMs: gateMs, atDeadline: 'started' },
  };
}

function startGate(list: Applications['list'], caution: string | null): Step {
  const names = list.map((one) => one.name).join(', ');
  const ask = `${caution ?? 'The database is restored and open.'} Start ${names} as before, or will you start another version by hand?`;
  return {
    name: startGateName,
    title: 'Ask which version of the application starts',
    action: { on: 'person', ask, choices: ['start', 'by-hand'], deadlineMs: gateMs, atDeadline: 'by-hand' },
  };
}
