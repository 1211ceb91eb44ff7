import type { Result } from '@barback/shared/operations/index.ts';
import { problemTypeOf, ProblemError } from '@barback/shared/wire/problem.ts';
import { eq } from 'drizzle-orm';
import type { AgentClient, CallContext } from '../agents/agent-client.ts';
import { plans, runs } from '../db/schema.ts';
import type { EngineDeps } from './engine-deps.ts';
import type { Run } from './load-run.ts';
import { isActive, recordFence } from './record-run.ts';

type Fence = Result<'agent-facts'>['fence'];

/**
 * Makes this run's plan the only one that may change the server. Never takes it from a plan that may still be at work:
 * throws ProblemError `fence-stale` then, and others when the agent does not answer.
 */
export async function claimFence(deps: EngineDeps, run: Run, signal: AbortSignal): Promise<void> {
  const agent = deps.agents.client(run.row.server);
  const context = { sub: `engine:${run.row.startedBy}`, plan: run.row.plan, run: run.row.id, signal };
  for (let tries = 1; ; tries += 1) {
    try {
      return await claimOnce(deps, run, agent, context);
    } catch (error) {
      // Somebody claimed it between the look and the claim: look again at who it is.
      const raced = error instanceof ProblemError && problemTypeOf(error.problem) === 'fence-stale' && tries < 3;
      if (!raced || error.problem.facts?.['holder'] !== undefined) throw error;
    }
  }
}

async function claimOnce(deps: EngineDeps, run: Run, agent: AgentClient, context: CallContext): Promise<void> {
  const { result: facts } = await agent.call('agent-facts', { server: run.row.server }, context);
  refuseToSteal(deps, run, facts.fence);
  const expected = facts.fence.fence;
  const { result, evidence } = await agent.claim(run.row.plan, expected, context);
  recordFence(deps, run, { fence: result.fence, expected, evidence });
}

function refuseToSteal(deps: EngineDeps, run: Run, { fence, plan: holder }: Fence): void {
  if (holder === null || holder === run.row.plan) return;
  const orm = deps.database.orm;
  const known = orm.select({ id: plans.id }).from(plans).where(eq(plans.id, holder)).get();
  const holding = orm.select({ id: runs.id, state: runs.state }).from(runs).where(eq(runs.plan, holder)).get();
  if (known !== undefined && (holding === undefined || !isActive(holding.state))) return;
  const facts = { holder, fence, run: holding?.id ?? null };
  const detail = `plan ${holder} holds ${run.row.server} (fence ${fence})`;
  throw holding === undefined
    ? new ProblemError('fence-stale', `${detail}, and this api does not know that plan`, {
        next: 'Another api works, or worked, on this server. End its run there, or free it on the host: barback-agent release --server NAME.',
        facts,
      })
    : new ProblemError('fence-stale', `${detail}: its run ${holding.id} is ${holding.state}`, {
        next: `End that run first: POST /v1/runs/${holding.id}/cancel`,
        facts,
      });
}
