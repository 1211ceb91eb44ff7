import { problem } from '@barback/shared/wire/problem.ts';
import { namesOf, type AgentConfig } from '../config.ts';
import { readFence, writeFence } from '../executor/fence.ts';
import { JobDirectory } from '../jobs/directory.ts';

/**
 * Takes a server from the plan that holds it, for an api that is lost with its database; returns what was done.
 * The number grows, so that nothing the old holder still sends is accepted; a job that is under way is never cut off.
 */
export async function releaseServer(config: AgentConfig, server: string | undefined): Promise<string> {
  if (server === undefined || !namesOf(config).includes(server)) {
    throw new Error(`name one of the servers of this agent: --server ${namesOf(config).join(' | ')}`);
  }
  const fence = await readFence(config.stateDirectory, server);
  if (fence.plan === null) return `${server} is free (fence ${fence.fence})`;
  const busy = await jobUnderWay(config, server);
  if (busy !== undefined) {
    throw new Error(`cannot release ${server}: job ${busy} of plan ${fence.plan} is under way; wait for its end`);
  }
  await writeFence(config.stateDirectory, server, { fence: fence.fence + 1, plan: null });
  return `${server} is free (fence ${fence.fence + 1}); plan ${fence.plan} held it`;
}

/** Whoever was killed may have left a job that nobody has begun: begun later, it would undo what a person does now. */
export async function barWaitingJobs(config: AgentConfig, server: string): Promise<void> {
  const jobs = new JobDirectory(config.stateDirectory);
  for (const opid of await jobs.list()) {
    if ((await jobs.spec(opid))?.serverName !== server || (await jobs.view(opid))?.state !== 'accepted') continue;
    await jobs.bar(opid, problem('job-lost', 'a person took the server over (rescue) before a runner began the job'));
  }
}

/** A job of the server that has not ended. */
export async function jobUnderWay(config: AgentConfig, server: string): Promise<string | undefined> {
  const jobs = new JobDirectory(config.stateDirectory);
  for (const opid of await jobs.list()) {
    if ((await jobs.spec(opid))?.serverName !== server) continue;
    const state = (await jobs.view(opid))?.state;
    if (state === 'accepted' || state === 'running') return opid;
  }
  return undefined;
}
