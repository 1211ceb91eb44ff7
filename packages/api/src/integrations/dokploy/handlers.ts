import type { Json } from '@barback/shared/wire/json.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { DokployApplication } from '../application-settings.ts';
import type { Integrations } from '../integrations.ts';
import { snapshotOfApplication, startDokployApplication, stopDokployApplication } from './application.ts';
import { snapshotOfCompose, startDokployCompose, stopDokployCompose } from './compose.ts';
import { lookWhetherStopped, ownContainers, running, type Place } from './containers.ts';
import { dokploySnapshotSchema, type DokploySnapshot } from './snapshot.ts';
import { isBefore } from './version.ts';
import { dokployWork, type ApplicationState, type DokployWork } from './work.ts';

/** Before it there is no `x-api-key` and a reload that forgets the number of replicas. */
const oldestVersion = [0, 21, 4] as const;

/** What `start` needs to bring everything back; asked before anything is changed, and kept. */
export async function snapshotDokploy(
  integrations: Integrations,
  application: DokployApplication,
  signal: AbortSignal,
): Promise<DokploySnapshot> {
  const work = dokployWork(integrations, application, signal);
  refuseOldVersion(application.name, await work.client.version());
  return snapshot(work, application);
}

export async function stopDokploy(
  integrations: Integrations,
  given: { readonly application: DokployApplication; readonly snapshot: DokploySnapshot; readonly signal: AbortSignal },
): Promise<Json> {
  const work = dokployWork(integrations, given.application, given.signal);
  const { snapshot } = given;
  return snapshot.type === 'application' ? stopDokployApplication(work, snapshot) : stopDokployCompose(work, snapshot);
}

export async function startDokploy(
  integrations: Integrations,
  given: { readonly application: DokployApplication; readonly snapshot: DokploySnapshot; readonly signal: AbortSignal },
): Promise<Json> {
  const work = dokployWork(integrations, given.application, given.signal);
  const { snapshot } = given;
  return snapshot.type === 'application'
    ? startDokployApplication(work, snapshot)
    : startDokployCompose(work, snapshot);
}

export async function observeDokploy(
  integrations: Integrations,
  application: DokployApplication,
  signal: AbortSignal,
): Promise<{ state: ApplicationState; facts: Json }> {
  const work = dokployWork(integrations, application, signal);
  const { client, id } = work;
  if (application.service.type === 'compose') {
    const row = await client.compose(id);
    const { autoDeploy, composeStatus: status } = row;
    return observed(work, { type: 'compose', appName: row.appName, serverId: row.serverId }, { autoDeploy, status });
  }
  const row = await client.application(id);
  const { autoDeploy, applicationStatus: status, replicas } = row;
  const place = { type: 'application', appName: row.appName, serverId: row.serverId } as const;
  return observed(work, place, { autoDeploy, status, replicas });
}

async function observed(
  { client }: DokployWork,
  place: Place,
  row: { readonly [name: string]: Json },
): Promise<{ state: ApplicationState; facts: Json }> {
  const count = running(await ownContainers(client, place)).length;
  const facts = { ...row, running: count };
  const wanted = row['replicas'];
  if (count > 0) return { state: typeof wanted === 'number' && count < wanted ? 'partly' : 'running', facts };
  return { state: (await lookWhetherStopped(client, place)) === 'unknown' ? 'unknown' : 'stopped', facts };
}

/** A snapshot as it was kept; one that is not of this application is a defect. */
export function readDokploySnapshot(kept: Json): DokploySnapshot {
  return dokploySnapshotSchema.parse(kept);
}

function snapshot(work: DokployWork, { service }: DokployApplication): Promise<DokploySnapshot> {
  return service.type === 'application' ? snapshotOfApplication(work) : snapshotOfCompose(work);
}

function refuseOldVersion(name: string, version: string): void {
  if (!isBefore(version, oldestVersion)) return;
  throw new ProblemError(
    'application-refused',
    `${name} is on Dokploy ${version.replace(/^v/, '')}, which is older than ${oldestVersion.join('.')}`,
    {
      next: 'Upgrade Dokploy: before, a reload forgets how many replicas there were.',
    },
  );
}
