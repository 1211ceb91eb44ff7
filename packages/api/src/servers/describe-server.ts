import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { AgentClient, CallContext } from '../agents/agent-client.ts';
import type { Reader } from '../db/database.ts';
import type { EngineDeps } from '../engine/engine-deps.ts';
import type { RunView } from '../engine/run-view.ts';
import type { Principal } from '../keys/principal.ts';
import { currentFindings } from '../readiness/readiness-view.ts';
import { lastRuns } from '../runs/find-run.ts';
import type { DrillResult } from '../scenarios/drill-result.ts';
import type { Server } from './server-store.ts';
import type { ServerDetail, ServerView } from './server-view.ts';

const factsLimitMs = 15_000;

export function describeServer(reader: Reader, server: Server): ServerView {
  const { active, last } = lastRuns(reader, server.name);
  const self = `/v1/servers/${server.name}`;
  return {
    name: server.name,
    kind: server.kind,
    agentId: server.agentId,
    agentUrl: server.agentUrl,
    settings: server.settings,
    createdAt: formatInstant(server.createdAt),
    activeRun: active?.id ?? null,
    lastRun: last === null ? null : lastRun(last),
    links: {
      self,
      backups: `${self}/backups`,
      window: `${self}/window`,
      transactions: `${self}/transactions`,
      activity: `${self}/activity`,
      runs: `/v1/runs?server=${server.name}`,
      drills: `${self}/drills`,
      schedules: `/v1/schedules?server=${server.name}`,
      plans: `/v1/plans?server=${server.name}`,
      ...(active === null ? {} : { activeRun: `/v1/runs/${active.id}` }),
    },
  };
}

/** Asks the agent too; that it does not answer is part of the answer. */
export async function inspectServer(deps: EngineDeps, server: Server, principal: Principal): Promise<ServerDetail> {
  const { orm } = deps.database;
  const view = { ...describeServer(orm, server), findings: [...currentFindings(orm, server, deps.clock)] };
  const context = { sub: principal.id, signal: AbortSignal.timeout(factsLimitMs) };
  try {
    const facts = await factsOf(deps.agents.client(server.name), server, context);
    return { ...view, observedAt: formatInstant(deps.clock.now()), facts, problem: null };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { ...view, observedAt: formatInstant(deps.clock.now()), facts: null, problem: error.problem };
  }
}

/** A provisioner is only asked whether it is there: it has no database to tell of. */
async function factsOf(
  agent: AgentClient,
  { name, kind }: Server,
  context: CallContext,
): Promise<ServerDetail['facts']> {
  if (kind === 'database') return (await agent.call('host-facts', { server: name }, context)).result;
  await agent.call('agent-facts', { server: name }, context);
  return null;
}

function lastRun(run: RunView): ServerView['lastRun'] {
  const result = run.result as unknown as Partial<DrillResult> | null;
  const { id, scenario, state, finishedAt } = run;
  return { id, scenario, state, finishedAt, rtoSeconds: result?.rtoSeconds ?? null };
}
