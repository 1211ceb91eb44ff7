import type { Params } from '@barback/shared/operations/index.ts';
import type { DatabaseAddress } from './address.ts';
import { gateStep } from './gate-step.ts';
import { onAgent, type AgentAction, type ApiAction, type Step } from './step.ts';

/** How the application comes back: at once, after a person's word, or not by Barback (T27). */
export const applicationStarts = ['auto', 'gate', 'never'] as const;
export type ApplicationStart = (typeof applicationStarts)[number];

/** Named as in the server's settings, with who stops and starts it. */
export type ApplicationOfPlan =
  | {
      readonly by: 'api';
      readonly name: string;
      /** Whether it can be told another address of the database. */
      readonly reconnects: boolean;
      /** The role that it connects as; null: not known, or it is not asked. */
      readonly role: string | null;
    }
  | { readonly by: 'person'; readonly name: string }
  | { readonly by: 'agent'; readonly name: string; readonly pause: Params<'pooler-pause'> };

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
  return list.flatMap((one): Step[] => {
    if (one.by === 'person') return [];
    return [{ name: `look-at-${one.name}`, title: `Look at the application ${one.name}`, action: actions(one).look }];
  });
}

export function stopApplicationsSteps({ list }: Pick<Applications, 'list'>): Step[] {
  return list.map((one): Step => {
    const { name } = one;
    if (one.by === 'person') return stopGate(name);
    const { stop, start } = actions(one);
    return {
      name: `stop-${name}`,
      title: words(one).stop,
      action: stop,
      inverse: {
        when: 'failure',
        name: `start-${name}-again`,
        title: words(one).start,
        action: start,
      },
    };
  });
}

export function startApplicationsSteps({ list, start, caution }: Applications): Step[] {
  if (list.length === 0 || start === 'never') return [];
  const asked = start === 'gate' ? { onlyIf: { step: startGateName, field: 'decision', is: 'start' } } : {};
  const starts = list.toReversed().map((one): Step => {
    const { name } = one;
    if (one.by === 'person') return startedGate(name);
    return {
      name: `start-${name}`,
      title: words(one).start,
      action: actions(one).start,
      ...asked,
    };
  });
  return start === 'gate' ? [startGate(list, caution), ...starts] : starts;
}

/** While they are stopped, those that can be told find the database at another address from their next start on. */
export function reconnectSteps({ list }: Pick<Applications, 'list'>, address: DatabaseAddress | undefined): Step[] {
  if (address === undefined) return [];
  return list.flatMap((one): Step[] => {
    if (one.by !== 'api' || !one.reconnects) return [];
    const { host, port } = address;
    const params = { application: one.name, address: port === undefined ? { host } : { host, port } };
    const title = `Tell the application ${one.name} that the database is at ${host}`;
    return [{ name: `reconnect-${one.name}`, title, action: { on: 'api', op: 'application-reconnect', params } }];
  });
}

/** What a starter says proves nothing: an orchestrator may have put the former settings back. */
export function connectedSteps(server: string, { list, start }: Pick<Applications, 'list' | 'start'>): Step[] {
  const asked = start === 'gate' ? { onlyIf: { step: startGateName, field: 'decision', is: 'start' } } : {};
  if (start === 'never') return [];
  return list.flatMap((one): Step[] => {
    if (one.by !== 'api' || one.role === null) return [];
    const { name, role } = one;
    const action = onAgent('live-connected', { server, role, deadlineMs: connectedMs });
    return [{ name: `connected-${name}`, title: `See sessions of ${name} on this database`, action, ...asked }];
  });
}

const connectedMs = 120_000;

type Driven = Exclude<ApplicationOfPlan, { by: 'person' }>;

function words({ by, name }: Driven): Record<'stop' | 'start', string> {
  if (by === 'api') return { stop: `Stop the application ${name}`, start: `Start the application ${name} as it was` };
  return {
    stop: `Let the clients of PgBouncer (${name}) wait`,
    start: `Let the clients of PgBouncer (${name}) go on`,
  };
}

function actions(one: Driven): Record<'look' | 'stop' | 'start', AgentAction | ApiAction> {
  if (one.by === 'agent') {
    const { server, pooler } = one.pause;
    return {
      look: onAgent('pooler-look', { server, pooler }),
      stop: onAgent('pooler-pause', one.pause),
      start: onAgent('pooler-resume', { server, pooler }),
    };
  }
  const params = { application: one.name };
  return {
    look: { on: 'api', op: 'application-look', params },
    stop: { on: 'api', op: 'application-stop', params },
    start: { on: 'api', op: 'application-start', params },
  };
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
