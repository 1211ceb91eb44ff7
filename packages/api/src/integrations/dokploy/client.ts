import type { DokployApplication } from '../application-settings.ts';
import type { Integrations } from '../integrations.ts';
import {
  applicationRowSchema,
  composeRowSchema,
  containersSchema,
  environmentSchema,
  versionSchema,
  type ApplicationRow,
  type ComposeRow,
  type Container,
  type Environment,
} from './answers.ts';
import { DokployWire } from './ask-dokploy.ts';
import { isBefore } from './version.ts';

/** The calls of Dokploy's API that are used. Each is one request: nothing is repeated. */
export interface DokployClient {
  version(): Promise<string>;
  application(id: string): Promise<ApplicationRow>;
  /** Of the database row only; nothing reaches docker before a reload. */
  updateApplication(id: string, change: { readonly replicas?: number; readonly autoDeploy?: boolean }): Promise<void>;
  /** 200 whatever docker said: look at the containers. Answers when docker has ended. */
  stopApplication(id: string, signal?: AbortSignal): Promise<void>;
  /** Makes the service anew from its row, with all its replicas. */
  reloadApplication(id: string, appName: string): Promise<void>;
  /** As it is saved; docker has it from the next reload on. */
  environment(of: ServiceName): Promise<Environment>;
  saveEnvironment(of: ServiceName, environment: Environment): Promise<void>;
  compose(id: string): Promise<ComposeRow>;
  updateCompose(id: string, change: { readonly autoDeploy: boolean }): Promise<void>;
  stopCompose(id: string, signal?: AbortSignal): Promise<void>;
  startCompose(id: string): Promise<void>;
  /** Running and ended ones whose name begins so; none on any error of docker. */
  containers(of: {
    readonly appName: string;
    readonly serverId: string | null;
    readonly compose: boolean;
  }): Promise<readonly Container[]>;
}

export type ServiceName = DokployApplication['service'];

/** `compose.saveEnvironment` is not in earlier ones. */
const composeSavesSince = [0, 29, 0] as const;

export function dokployClient(
  integrations: Integrations,
  application: Pick<DokployApplication, 'url' | 'secret'>,
  signal: AbortSignal,
): DokployClient {
  const wire = new DokployWire(integrations, application, signal);
  return {
    version: () => wire.read('settings.getDokployVersion', {}, versionSchema),
    application: (id) => wire.read('application.one', { applicationId: id }, applicationRowSchema),
    updateApplication: (id, values) => wire.change('application.update', { applicationId: id, ...values }),
    stopApplication: (id, given) => wire.change('application.stop', { applicationId: id }, given),
    reloadApplication: (id, appName) => wire.change('application.reload', { applicationId: id, appName }),
    environment: ({ type, id }) => wire.read(`${type}.one`, { [`${type}Id`]: id }, environmentSchema),
    saveEnvironment: (of, environment) => saveEnvironment(wire, of, environment),
    compose: (id) => wire.read('compose.one', { composeId: id }, composeRowSchema),
    updateCompose: (id, values) => wire.change('compose.update', { composeId: id, ...values }),
    stopCompose: (id, given) => wire.change('compose.stop', { composeId: id }, given),
    startCompose: (id) => wire.change('compose.start', { composeId: id }),
    containers: ({ appName, serverId, compose }) => {
      const type = compose ? { appType: 'docker-compose' } : {};
      const server = serverId === null ? {} : { serverId };
      return wire.read('docker.getContainersByAppNameMatch', { appName, ...type, ...server }, containersSchema);
    },
  };
}

async function saveEnvironment(wire: DokployWire, { type, id }: ServiceName, environment: Environment): Promise<void> {
  if (type === 'application') return wire.change('application.saveEnvironment', { applicationId: id, ...environment });
  const { env } = environment;
  const version = await wire.read('settings.getDokployVersion', {}, versionSchema);
  const call = isBefore(version, composeSavesSince) ? 'compose.update' : 'compose.saveEnvironment';
  return wire.change(call, { composeId: id, env });
}
