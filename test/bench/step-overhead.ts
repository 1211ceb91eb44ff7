import type { AgentClient } from '@barback/api/agents/agent-client.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import type { Lab } from '../lab/lab.ts';
import type { Figure } from './figures.ts';
import { signedAgent } from './signed-agent.ts';

const ended = new Set(['succeeded', 'failed', 'cancelled', 'lost']);

/** What api and agent add to a step: signing, TLS, gateway, executor, receipt, verification; for a job its process too. */
export async function stepOverhead(lab: Lab): Promise<readonly Figure[]> {
  const client = await signedAgent(lab);
  try {
    const plan = newId(Date.now());
    const { result: facts } = await client.call('host-facts', { server: lab.server }, { sub: 'bench' });
    const { result } = await client.claim(plan, facts.fence.fence, { sub: 'bench', plan });
    const jobs: number[] = [];
    let opid = '';
    for (let index = 0; index < 40; index += 1) {
      opid = newId(Date.now());
      jobs.push(await timed(() => emptyJob(client, lab, { opid, plan, fence: result.fence })));
    }
    const reads: number[] = [];
    for (let index = 0; index < 300; index += 1) {
      reads.push(await timed(() => client.jobStatus(opid, { waitMs: 0, progressAt: null }, { sub: 'bench' })));
    }
    return [
      { what: 'signed request and receipt, nothing spawned', unit: 'ms', samples: reads, budget: { atMost: 10 } },
      {
        what: 'job that does nothing, submitted to ended, back to back',
        unit: 'ms',
        samples: jobs,
        budget: { atMost: 60 },
      },
    ];
  } finally {
    await client.close();
  }
}

/** Stopping a copy that does not exist. */
async function emptyJob(
  client: AgentClient,
  lab: Lab,
  { opid, plan, fence }: { opid: string; plan: string; fence: number },
): Promise<void> {
  const context = { sub: 'bench', plan, step: 'stop', attempt: 1, fence };
  let { job } = await client.submit(opid, 'scratch-stop', { server: lab.server }, context);
  while (!ended.has(job.state)) {
    ({ job } = await client.jobStatus(opid, { waitMs: 5_000, progressAt: null }, context));
  }
  if (job.state !== 'succeeded') throw new Error(`the empty job ended as ${job.state}: ${job.problem?.detail ?? ''}`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
