import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import type { ApplicationRow } from './answers.ts';
import type { DokployClient } from './client.ts';
import { lookWhetherStopped, ownContainers, running, type Place } from './containers.ts';

/** `on`: whether it ran, or Dokploy at least meant it to (`done`): then it is started again. */
const common = {
  appName: z.string(),
  serverId: z.string().nullable(),
  autoDeploy: z.boolean(),
  running: z.int().nonnegative(),
  on: z.boolean(),
};

/** How a service was before it was stopped: what `start` brings back. */
export const dokploySnapshotSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('application'),
    ...common,
    status: z.string(),
    /** Of the row. */
    replicas: z.int().nonnegative(),
    /** That a reload starts: those of `modeSwarm` where it is set. */
    wanted: z.int().nonnegative(),
    /** Whether `modeSwarm` decides, so that `replicas` holds nothing back. */
    ownMode: z.boolean(),
  }),
  z.strictObject({ type: z.literal('compose'), ...common, status: z.string() }),
]);

export type DokploySnapshot = z.infer<typeof dokploySnapshotSchema>;
export type ApplicationSnapshot = Extract<DokploySnapshot, { type: 'application' }>;
export type ComposeSnapshot = Extract<DokploySnapshot, { type: 'compose' }>;

/** How many containers a reload starts, for an application that can be scaled. */
export function replicasOf(name: string, row: Pick<ApplicationRow, 'modeSwarm' | 'replicas'>): number {
  const modes = Object.entries(row.modeSwarm ?? {}).filter(([, settings]) => settings !== null);
  if (modes.length === 0) return row.replicas;
  const [mode, settings] = modes[0] ?? ['', null];
  if (modes.length === 1 && mode === 'Replicated') return settings?.Replicas ?? 1;
  throw new ProblemError(
    'application-refused',
    `${name} runs in Swarm's mode ${modes.map(([one]) => one).join(', ')}, which cannot be scaled to 0`,
    {
      next: 'Let it run replicated in Dokploy, or stop it by a webhook or a person.',
    },
  );
}

/** How many run; refuses to guess where docker cannot be asked, because an application taken for stopped is not started again. */
export async function countRunning(client: DokployClient, name: string, place: Place): Promise<number> {
  const count = running(await ownContainers(client, place)).length;
  if (count > 0 || (await lookWhetherStopped(client, place)) !== 'unknown') return count;
  throw new ProblemError(
    'application-refused',
    `Whether ${name} runs is not known: Dokploy lists no container of anything`,
    {
      next: 'Look at docker on the host of the application: Dokploy answers so when it cannot ask it.',
    },
  );
}

export function deploymentUnderWay(name: string): ProblemError {
  return new ProblemError('application-refused', `Dokploy is deploying ${name} at this moment; it was left as it is`, {
    next: 'Wait until the deployment has ended, or cancel it in Dokploy, and try again.',
  });
}
