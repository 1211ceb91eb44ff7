import { ProblemError } from '@barback/shared/wire/problem.ts';
import { DokploySilence } from './ask-dokploy.ts';
import { ownContainers, waitUntilRunning } from './containers.ts';
import type { DokploySnapshot } from './snapshot.ts';
import { wantedOf, withState } from './stop-and-see.ts';
import { applicationFailed, type DokployWork } from './work.ts';

/** Asks for the start and waits until containers that did not run before go on running. Answers how many. */
export async function startAndSee(
  work: DokployWork,
  snapshot: DokploySnapshot,
  how: { readonly ask: () => Promise<void>; readonly fresh: boolean; readonly statusNow: () => Promise<string> },
): Promise<number> {
  const { client, pace, limitMs, signal } = work;
  try {
    const before = how.fresh ? await ownContainers(client, snapshot) : [];
    await how.ask().catch((error: unknown) => {
      // It may have been carried out all the same: the containers will tell.
      if (!(error instanceof DokploySilence)) throw error;
    });
    const wanted = wantedOf(snapshot);
    const not = new Set(before.map(({ containerId }) => containerId));
    const { pollMs, stableMs } = pace;
    const count = await waitUntilRunning(client, snapshot, { wanted, not, stableMs, pollMs, limitMs, signal });
    if (count !== undefined) return count;
    throw notRunning(work, snapshot, await ownContainers(client, snapshot), await how.statusNow());
  } catch (error) {
    if (error instanceof ProblemError && error.problem.facts?.['state'] !== undefined) throw error;
    throw await withState(work, snapshot, error);
  }
}

function notRunning(
  { name, limitMs }: DokployWork,
  snapshot: DokploySnapshot,
  containers: Awaited<ReturnType<typeof ownContainers>>,
  status: string,
): ProblemError {
  const wanted = wantedOf(snapshot);
  const count = containers.filter(({ state }) => state === 'running').length;
  const ended = containers.length - count;
  const state = count >= wanted ? 'running' : count > 0 ? 'partly' : 'stopped';
  const what =
    state === 'running'
      ? `${name} does not keep its containers: they end and are started again`
      : `${count} of ${wanted} containers of ${name} run`;
  // Swarm's default since Dokploy 0.29 puts the former specification back when new tasks die, and Dokploy goes on saying "done".
  const rolledBack =
    status === 'done' && state !== 'running' ? ' Dokploy calls it done: Swarm has put the former state back.' : '';
  return applicationFailed(name, state, {
    detail: `${what} ${limitMs / 1000} s after it was asked to start it (${ended} ended).${rolledBack}`,
    next: 'Read the log of the application in Dokploy; what keeps it from starting is often in its first lines. Then deploy it there.',
    facts: { running: count, wanted, ended, dokployStatus: status },
  });
}
