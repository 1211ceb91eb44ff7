import { randomInt } from 'node:crypto';
import { problem, ProblemError, type Problem } from '@barback/shared/wire/problem.ts';
import { isTransient } from '../engine/transient.ts';
import type { EngineDeps } from '../engine/engine-deps.ts';
import type { Principal } from '../keys/principal.ts';
import type { PlanRequest } from '../planner/plan-request.ts';
import { planAndStart } from '../runs/plan-and-start.ts';
import { loadWindow } from '../wal-index/load-window.ts';
import type { WalIndexer } from '../wal-index/wal-indexer.ts';
import { chooseTarget } from './choose-target.ts';
import type { Firing } from './firing-store.ts';
import type { Schedule } from './schedule-store.ts';

export type Launched =
  | { readonly is: 'started'; readonly run: string }
  /** It may go better later. */
  | { readonly is: 'later'; readonly problem: Problem }
  | { readonly is: 'refused'; readonly problem: Problem };

export type Launch = (schedule: Schedule, firing: Firing) => Promise<Launched>;

export interface LaunchDeps extends EngineDeps {
  readonly index: WalIndexer;
  readonly planHours: number;
}

/** Plans and starts what is due. The same firing asked for again, after a crash between start and record, answers with its run. */
export function launchWith(deps: LaunchDeps): Launch {
  return async (schedule, firing) => {
    const { id } = schedule;
    const principal = principalOf(schedule);
    try {
      const request = await requestOf(deps, schedule);
      const { run } = await planAndStart(deps, {
        request,
        principal,
        actor: { kind: 'schedule', id },
        planHours: deps.planHours,
        repeatHash: `schedule ${firing.id} ${firing.preempted}`,
      });
      return { is: 'started', run: run.id };
    } catch (error) {
      return failed(deps, id, error);
    }
  };
}

async function requestOf(deps: LaunchDeps, { definition }: Schedule): Promise<PlanRequest> {
  const { server } = definition;
  if (definition.scenario === 'backup') return { server, scenario: 'backup', options: definition.options };
  if (definition.scenario === 'mirror') return { server, scenario: 'mirror', options: definition.options };
  if (definition.scenario === 'restore-from-mirror') {
    return { server, scenario: 'restore-from-mirror', options: definition.options };
  }
  await deps.index.freshen(server);
  const window = loadWindow(deps.database.orm, server, deps.clock);
  const { target, backup } = chooseTarget(definition.target, window, random);
  return {
    server,
    scenario: 'drill',
    target,
    options: definition.options,
    ...(backup === undefined ? {} : { backup }),
  };
}

/** What is on nobody's key: it may operate its one server. */
function principalOf({ id, definition: { name, server } }: Schedule): Principal {
  return { id, name, role: 'operator', servers: [server] };
}

function failed(deps: LaunchDeps, id: string, error: unknown): Launched {
  if (!(error instanceof ProblemError)) {
    deps.log.error({ schedule: id, error }, 'a schedule met a defect');
    const detail = `schedule ${id} met a defect: ${error instanceof Error ? error.message : String(error)}`;
    return { is: 'later', problem: problem('internal', detail, { next: 'Read the log of the api.' }) };
  }
  const isLater = isTransient(error.problem) || laterTypes.some((type) => error.problem.type.endsWith(`:${type}`));
  return { is: isLater ? 'later' : 'refused', problem: error.problem };
}

const laterTypes = ['server-busy', 'index-behind', 'fence-stale', 'time-limit'] as const;

const resolution = 2 ** 40;

function random(): number {
  return randomInt(resolution) / resolution;
}
