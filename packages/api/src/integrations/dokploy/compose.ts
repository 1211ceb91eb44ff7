import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { StoppedEvidence } from './containers.ts';
import { countRunning, deploymentUnderWay, type ComposeSnapshot } from './snapshot.ts';
import { startAndSee } from './start-and-see.ts';
import { stopAndSee, withState } from './stop-and-see.ts';
import { ifPermitted, type DokployWork } from './work.ts';

/** How the project is now; refuses one that could not be stopped and started. Changes nothing. */
export async function snapshotOfCompose(work: DokployWork): Promise<ComposeSnapshot> {
  const row = await work.client.compose(work.id);
  if (row.composeType === 'stack') {
    throw new ProblemError(
      'application-refused',
      `${work.name} is a stack: Dokploy's stop removes its services, and its start does nothing but says that it did`,
      { next: 'Make it a docker-compose project or an application in Dokploy, or stop it by a webhook or a person.' },
    );
  }
  if (row.composeStatus === 'running') throw deploymentUnderWay(work.name);
  const place = { type: 'compose', appName: row.appName, serverId: row.serverId } as const;
  const count = await countRunning(work.client, work.name, place);
  return {
    ...place,
    status: row.composeStatus,
    autoDeploy: row.autoDeploy ?? false,
    running: count,
    on: count > 0 || row.composeStatus === 'done',
  };
}

/** Stops all services of the project. */
export async function stopDokployCompose(
  work: DokployWork,
  snapshot: ComposeSnapshot,
): Promise<{ held: boolean; evidence: StoppedEvidence }> {
  const row = await work.client.compose(work.id);
  if (row.composeStatus === 'running') throw deploymentUnderWay(work.name);
  const held =
    row.autoDeploy !== true || (await ifPermitted(() => work.client.updateCompose(work.id, { autoDeploy: false })));
  const evidence = await stopAndSee(work, snapshot, (signal) => work.client.stopCompose(work.id, signal));
  return { held, evidence };
}

/** As many containers as ran before; auto-deploy last, when they go on running. */
export async function startDokployCompose(work: DokployWork, snapshot: ComposeSnapshot): Promise<{ running: number }> {
  const { client, id } = work;
  const count = !snapshot.on
    ? 0
    : await startAndSee(work, snapshot, {
        ask: () => client.startCompose(id),
        // The same containers are started again.
        fresh: false,
        statusNow: async () => (await client.compose(id)).composeStatus,
      });
  try {
    const now = await client.compose(id);
    if ((now.autoDeploy ?? false) !== snapshot.autoDeploy) {
      await client.updateCompose(id, { autoDeploy: snapshot.autoDeploy });
    }
  } catch (error) {
    throw await withState(work, snapshot, error);
  }
  return { running: count };
}
