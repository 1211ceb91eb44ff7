import type { Kept } from '@barback/shared/operations/kept.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { AgentClient } from '../agents/agent-client.ts';
import type { Reader } from '../db/database.ts';
import { loadRun } from '../engine/load-run.ts';
import { isActive } from '../engine/record-run.ts';

/** The directory that a run took from the live path and that is still kept. Throws ProblemError when there is none. */
export async function keptOf(
  { reader, agent, sub }: { readonly reader: Reader; readonly agent: AgentClient; readonly sub: string },
  runId: string,
): Promise<Kept> {
  const { row, plan } = loadRun(reader, runId);
  if (!('cutover' in plan)) {
    throw new ProblemError('nothing-kept', `run ${runId} is a ${plan.scenario}: it took nothing from the live path`, {
      next: `GET /v1/servers/${row.server}/kept lists what is kept.`,
    });
  }
  if (isActive(row.state)) {
    throw new ProblemError('server-busy', `run ${runId} is ${row.state}`, {
      next: `It puts back by itself what it began: POST /v1/runs/${runId}/cancel`,
    });
  }
  const signal = AbortSignal.timeout(60_000);
  const { result } = await agent.call('kept-list', { server: row.server }, { sub, signal });
  const kept = result.kept.find((one) => one.plan === plan.id);
  if (kept?.intact === true) return kept;
  const why = kept === undefined ? 'is not kept any more' : 'is not the one that was set aside';
  throw new ProblemError('nothing-kept', `the directory that run ${runId} took from the live path ${why}`, {
    next: `GET /v1/servers/${row.server}/kept lists what is kept; a restore to an abandoned branch is a new plan.`,
  });
}
