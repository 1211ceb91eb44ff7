import { newId } from '@barback/shared/wire/identifiers.ts';
import type { Actor } from '../audit/append-event.ts';
import type { EngineDeps } from '../engine/engine-deps.ts';
import type { Principal } from '../keys/principal.ts';
import { loadServer } from '../servers/server-store.ts';
import { earlierRuns } from './earlier-runs.ts';
import { freeze } from './freeze.ts';
import { gather } from './gather.ts';
import { makePlan } from './make-plan.ts';
import type { PlanRequest } from './plan-request.ts';

export interface PlanCreation {
  readonly request: PlanRequest;
  readonly principal: Principal;
  readonly actor: Actor;
  readonly planHours: number;
}

/** Asks the agent, decides everything, freezes it; answers the plan's id. Throws ProblemError. */
export async function createPlan(deps: EngineDeps, creation: PlanCreation): Promise<string> {
  const { request, principal, actor } = creation;
  const { database, clock } = deps;
  const server = loadServer(database.orm, request.server, principal);
  const gathered = await gather(deps.agents.client(server.name), server.name, principal.id);
  const earlier = earlierRuns(database.orm, server.name, request.scenario);
  const createdAt = clock.now();
  const id = newId(Math.floor(createdAt / 1000));
  const plan = makePlan({
    id,
    request,
    gathered,
    agentId: server.agentId,
    settings: server.settings,
    earlierSeconds: earlier.seconds,
    earlierSystemIdentifier: earlier.systemIdentifier,
    activeRun: earlier.activeRun,
    createdAt,
    expiresAt: createdAt + Math.round(creation.planHours * 3_600_000_000),
    createdBy: principal.id,
  });
  freeze(database, plan, actor);
  return id;
}
