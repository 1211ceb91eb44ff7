import type { StoppedEvidence } from './containers.ts';
import { countRunning, deploymentUnderWay, replicasOf, type ApplicationSnapshot } from './snapshot.ts';
import { startAndSee } from './start-and-see.ts';
import { stopAndSee, withState } from './stop-and-see.ts';
import { ifPermitted, type DokployWork } from './work.ts';

/** How the application is now; refuses one that could not be stopped. Changes nothing. */
export async function snapshotOfApplication(work: DokployWork): Promise<ApplicationSnapshot> {
  const row = await work.client.application(work.id);
  if (row.applicationStatus === 'running') throw deploymentUnderWay(work.name);
  const place = { type: 'application', appName: row.appName, serverId: row.serverId } as const;
  const count = await countRunning(work.client, work.name, place);
  return {
    ...place,
    status: row.applicationStatus,
    autoDeploy: row.autoDeploy ?? false,
    replicas: row.replicas,
    wanted: replicasOf(work.name, row),
    ownMode: row.modeSwarm !== null,
    running: count,
    on: count > 0 || row.applicationStatus === 'done',
  };
}

/**
 * Auto-deploy off and no replicas first: a webhook, a deployment or an upgrade of Dokploy would start it again otherwise. `held`
 * is false where the user of the key may not do that.
 */
export async function stopDokployApplication(
  work: DokployWork,
  snapshot: ApplicationSnapshot,
): Promise<{ held: boolean; evidence: StoppedEvidence }> {
  const row = await work.client.application(work.id);
  if (row.applicationStatus === 'running') throw deploymentUnderWay(work.name);
  const replicas = snapshot.ownMode ? row.replicas : 0;
  const isHeld = row.autoDeploy !== true && row.replicas === replicas;
  const change = snapshot.ownMode ? { autoDeploy: false } : { autoDeploy: false, replicas: 0 };
  const held = isHeld || (await ifPermitted(() => work.client.updateApplication(work.id, change)));
  const evidence = await stopAndSee(work, snapshot, (signal) => work.client.stopApplication(work.id, signal));
  return { held, evidence };
}

/** The former replicas, all anew by `reload` (`start` would start one), and auto-deploy last, when they go on running. */
export async function startDokployApplication(
  work: DokployWork,
  snapshot: ApplicationSnapshot,
): Promise<{ running: number }> {
  const { client, id } = work;
  const row = await client.application(id);
  if (row.replicas !== snapshot.replicas) await client.updateApplication(id, { replicas: snapshot.replicas });
  // What was off before stays off.
  const count = !snapshot.on
    ? 0
    : await startAndSee(work, snapshot, {
        ask: () => client.reloadApplication(id, snapshot.appName),
        fresh: true,
        statusNow: async () => (await client.application(id)).applicationStatus,
      });
  try {
    const now = await client.application(id);
    if ((now.autoDeploy ?? false) !== snapshot.autoDeploy) {
      await client.updateApplication(id, { autoDeploy: snapshot.autoDeploy });
    }
  } catch (error) {
    throw await withState(work, snapshot, error);
  }
  return { running: count };
}
