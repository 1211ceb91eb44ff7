import { waitFor } from '../wait.ts';
import type { Container } from './answers.ts';
import type { DokployClient } from './client.ts';

/** Where the containers of a service are found. */
export interface Place {
  readonly type: 'application' | 'compose';
  readonly appName: string;
  readonly serverId: string | null;
}

/** Names of Dokploy's own containers begin so, on its host and on the servers that it manages. */
const dokploysOwn = 'dokploy';

/** Containers of exactly this service: the question matches by beginning, so `shop` also answers those of `shop-2`. */
export async function ownContainers(
  client: DokployClient,
  { type, appName, serverId }: Place,
): Promise<readonly Container[]> {
  const compose = type === 'compose';
  const listed = await client.containers({ appName, serverId, compose });
  // Those of a compose project are matched by its label, and are named by its file.
  return compose ? listed : listed.filter(({ name }) => name === appName || name.startsWith(`${appName}.`));
}

export function running(containers: readonly Container[]): readonly Container[] {
  return containers.filter(({ state }) => state === 'running' || state === 'restarting' || state === 'paused');
}

/** `exited`: they are listed, and have ended. `gone`: none is listed by a docker that lists others. */
export type StoppedEvidence = 'exited' | 'gone';

/** Whether no container of the service runs. An empty list alone says nothing: it is also the answer to every error of docker. */
export async function lookWhetherStopped(
  client: DokployClient,
  place: Place,
): Promise<StoppedEvidence | 'running' | 'unknown'> {
  const own = await ownContainers(client, place);
  if (running(own).length > 0) return 'running';
  if (own.length > 0) return 'exited';
  const others = await client.containers({ appName: dokploysOwn, serverId: place.serverId, compose: false });
  return others.length > 0 ? 'gone' : 'unknown';
}

/** Waits until the same containers, at least `wanted` and none of `not`, have run for a while; undefined when they did not in time. */
export async function waitUntilRunning(
  client: DokployClient,
  place: Place,
  how: {
    wanted: number;
    not: ReadonlySet<string>;
    stableMs: number;
    pollMs: number;
    limitMs: number;
    signal: AbortSignal;
  },
): Promise<number | undefined> {
  let seen = '';
  let stable = AbortSignal.timeout(how.stableMs);
  return waitFor({ limitMs: how.limitMs, everyMs: how.pollMs, signal: how.signal }, async () => {
    const fresh = (await ownContainers(client, place)).filter(
      ({ containerId, state }) => state === 'running' && !how.not.has(containerId),
    );
    const now = fresh
      .map(({ containerId }) => containerId)
      .toSorted()
      .join(' ');
    if (fresh.length < how.wanted || now !== seen) {
      seen = now;
      stable = AbortSignal.timeout(how.stableMs);
      return undefined;
    }
    return stable.aborted ? fresh.length : undefined;
  });
}
