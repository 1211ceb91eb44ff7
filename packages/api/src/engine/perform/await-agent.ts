import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '@barback/shared/wire/json.ts';
import { problem, ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { loadServers } from '../../servers/server-store.ts';
import type { AttemptOutcome } from '../decide.ts';
import type { EngineDeps } from '../engine-deps.ts';
import type { Run, StoredAttempt } from '../load-run.ts';

const paramsSchema = z.strictObject({ server: z.string(), otherThan: z.string(), withinMs: z.int() });

interface Awaited {
  readonly run: Run;
  readonly attempt: StoredAttempt;
  readonly params: Json;
}

const everyMs = 1_000;
const answerMs = 10_000;

/** Waits until another agent has a server and answers; the time counts from the first try on, also over a restart of the api. */
export async function awaitAgent(
  deps: EngineDeps,
  { run, attempt, params }: Awaited,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const { server: name, otherThan, withinMs } = paramsSchema.parse(params);
  for (;;) {
    const server = loadServers(deps.database.orm).find((one) => one.name === name);
    if (server !== undefined && server.agentKey !== otherThan) {
      const version = await versionOf(deps, name, `engine:${run.row.startedBy}`, signal);
      const { agentId, agentUrl } = server;
      if (version !== null) {
        return { is: 'succeeded', result: { server: name, agentId, agentUrl, agentVersion: version } };
      }
    }
    if (deps.clock.now() - attempt.intendedAt > withinMs * 1000)
      return { is: 'failed', problem: nobody(name, withinMs) };
    await sleep(everyMs, undefined, { signal });
  }
}

/** Null while it does not answer. */
async function versionOf(deps: EngineDeps, server: string, sub: string, signal: AbortSignal): Promise<string | null> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  try {
    return (await deps.agents.client(server).call('agent-facts', { server }, { sub, signal: limited })).result
      .agentVersion;
  } catch (error) {
    if (!(error instanceof ProblemError) || signal.aborted) throw error;
    return null;
  }
}

function nobody(server: string, withinMs: number) {
  return problem(
    'not-enrolled',
    `no other agent has enrolled for ${server} within ${Math.round(withinMs / 60_000)} min`,
    {
      next: `What was made is there. Look at cloud-init and the executor's log on the new host, make another token (barback-api servers token ${server}), enrol, then resume the run.`,
    },
  );
}
