import { setTimeout as delay } from 'node:timers/promises';
import { isBefore } from '@barback/api/integrations/dokploy/version.ts';
import type { FakeDokploy, FakeService } from './fake-dokploy-state.ts';

export interface FakeAnswer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

interface Call {
  readonly call: string;
  readonly isMutation: boolean;
  readonly input: Readonly<Record<string, unknown>>;
}

interface World {
  readonly fake: FakeDokploy;
  readonly services: ReadonlyMap<string, FakeService>;
  /** As errors name it. */
  readonly call: string;
}

type Answerer = (input: Call['input'], world: World) => Promise<FakeAnswer> | FakeAnswer;

/** The calls whose answers are known, by what the integration notes (§1.2, §1.5, §1.6) have of Dokploy 0.30.2. */
const queries: Readonly<Record<string, Answerer>> = {
  'settings.getDokployVersion': (_, { fake }) => ok(fake.version),
  'application.one': (input, world) =>
    withService(world, 'application', input, (service) => {
      const answer = ok(applicationRow(service));
      if (world.fake.faults.environmentChanges) service.row.env += `# ${service.row.env.length}\n`;
      return answer;
    }),
  'compose.one': (input, world) => withService(world, 'compose', input, (service) => ok(composeRow(service))),
  'docker.getContainersByAppNameMatch': ({ appName, appType }, { fake, services }) => {
    if (fake.faults.listsNothing) return ok([]);
    if (appType === 'docker-compose') {
      return ok(
        [...services.values()]
          .filter((one) => one.type === 'compose' && one.appName === appName)
          .flatMap(({ swarm }) => swarm.list()),
      );
    }
    const all = [...services.values()].flatMap(({ swarm }) => swarm.list());
    const own = { containerId: '0123456789ab', name: 'dokploy.1.q6l1', state: 'running', status: 'Up 3 weeks' };
    return ok([...all, own].filter(({ name }) => name.startsWith(String(appName))));
  },
};

const mutations: Readonly<Record<string, Answerer>> = {
  'application.update': (input, world) =>
    withService(world, 'application', input, ({ row }) => {
      if (world.fake.faults.mayNotUpdate) return mayNot(world.call);
      // Coerced as by zod: null becomes 0, and any text is true.
      if ('replicas' in input) row.replicas = Number(input['replicas']);
      if ('autoDeploy' in input) row.autoDeploy = Boolean(input['autoDeploy']);
      return ok(true);
    }),
  'application.saveEnvironment': (input, world) =>
    withService(world, 'application', input, ({ row }) => {
      // Since 0.25.6 build secrets too; createEnvFile is coerced where it is missing.
      const texts = isBefore(world.fake.version, [0, 25, 6])
        ? ['env', 'buildArgs']
        : ['env', 'buildArgs', 'buildSecrets'];
      const missing = texts.find((name) => typeof input[name] !== 'string' && input[name] !== null);
      if (missing !== undefined) return invalid(world.call, missing);
      row.env = (input['env'] as string | null) ?? '';
      row.buildArgs = input['buildArgs'] as string | null;
      row.buildSecrets = (input['buildSecrets'] as string | null | undefined) ?? null;
      row.createEnvFile = Boolean(input['createEnvFile']);
      return ok(true);
    }),
  'application.stop': (input, world) =>
    withService(world, 'application', input, async (service) => {
      await stop(world.fake, service);
      return ok(applicationRow(service));
    }),
  'application.reload': (input, world) =>
    withService(world, 'application', input, async ({ row, swarm, appName }) => {
      if (input['appName'] !== appName) return invalid(world.call, 'appName');
      if (world.fake.faults.rollbackOnUpdate) {
        const { replicas, environment } = swarm;
        await swarm.replace(row.replicas, row.env);
        void delay(150).then(() => swarm.replace(replicas, environment));
      } else await swarm.replace(row.replicas, row.env);
      row.status = 'done';
      return ok(true);
    }),
  'compose.saveEnvironment': (input, world) => {
    if (isBefore(world.fake.version, [0, 29, 0])) return errorBody(404, 'NOT_FOUND', 'Not found');
    return withService(world, 'compose', input, ({ row }) => {
      if (typeof input['env'] !== 'string' && input['env'] !== null) return invalid(world.call, 'env');
      row.env = input['env'] ?? '';
      return ok(true);
    });
  },
  'compose.update': (input, world) =>
    withService(world, 'compose', input, (service) => {
      if (world.fake.faults.mayNotUpdate) return mayNot(world.call);
      if (typeof input['env'] === 'string') service.row.env = input['env'];
      if ('autoDeploy' in input) service.row.autoDeploy = Boolean(input['autoDeploy']);
      return ok(composeRow(service));
    }),
  'compose.stop': (input, world) =>
    withService(world, 'compose', input, async (service) => {
      await stop(world.fake, service);
      return ok(true);
    }),
  'compose.start': (input, world) =>
    withService(world, 'compose', input, async ({ row, swarm }) => {
      if (row.composeType === 'docker-compose') {
        await swarm.scale(0);
        await swarm.replace(row.replicas, row.env);
      }
      row.status = 'done';
      return ok(true);
    }),
};

export function knows(call: string, isMutation: boolean): boolean {
  return Object.hasOwn(isMutation ? mutations : queries, call);
}

export async function answerCall(
  fake: FakeDokploy,
  services: ReadonlyMap<string, FakeService>,
  { call, isMutation, input }: Call,
): Promise<FakeAnswer> {
  const answerer = knows(call, isMutation) ? (isMutation ? mutations : queries)[call] : undefined;
  if (answerer === undefined) {
    fake.unknown.push(call);
    return errorBody(404, 'NOT_FOUND', 'Not found');
  }
  fake.calls.push(call);
  const { fails, mayNotRead, emptyBodies } = fake.faults;
  if (fails?.call === call) return errorBody(500, 'INTERNAL_SERVER_ERROR', fails.message, call);
  if (mayNotRead) return mayNot(call);
  const answer = await answerer(input, { fake, services, call });
  return isMutation && emptyBodies && answer.status === 200 ? { status: 200, body: '' } : answer;
}

async function stop({ faults }: FakeDokploy, { row, swarm }: FakeService): Promise<void> {
  await delay(faults.stopTakesMs);
  if (!faults.stopSilentlyFails) await swarm.scale(0);
  row.status = 'idle';
}

function withService(
  { services, call }: World,
  type: FakeService['type'],
  input: Call['input'],
  answer: (service: FakeService) => Promise<FakeAnswer> | FakeAnswer,
): Promise<FakeAnswer> | FakeAnswer {
  const key = `${type}Id`;
  if (typeof input[key] !== 'string') return invalid(call, key);
  const service = services.get(input[key]);
  if (service?.type !== type) {
    return errorBody(404, 'NOT_FOUND', type === 'application' ? 'Application not found' : 'Compose not found', call);
  }
  return answer(service);
}

function ok(value: unknown): FakeAnswer {
  return { status: 200, body: JSON.stringify(value) };
}

/** Without the path where no procedure was found. */
export function errorBody(status: number, code: string, message: string, path?: string): FakeAnswer {
  const data = { code, httpStatus: status, path, zodError: null };
  return { status, body: JSON.stringify({ message, code, data }) };
}

function mayNot(call: string): FakeAnswer {
  return errorBody(401, 'UNAUTHORIZED', "You don't have access to this service", call);
}

function invalid(path: string, field: string): FakeAnswer {
  const message = 'Invalid input: expected string, received undefined';
  const zodError = { formErrors: [], fieldErrors: { [field]: [message] } };
  const data = { code: 'BAD_REQUEST', httpStatus: 400, path, zodError };
  const issues = [{ expected: 'string', code: 'invalid_type', path: [field], message }];
  return {
    status: 400,
    body: JSON.stringify({ message: 'Input validation failed', code: 'BAD_REQUEST', data, issues }),
  };
}

function applicationRow({ id, appName, row }: FakeService): object {
  return {
    applicationId: id,
    name: id,
    appName,
    applicationStatus: row.status,
    replicas: row.replicas,
    modeSwarm: row.modeSwarm,
    autoDeploy: row.autoDeploy,
    sourceType: 'docker',
    dockerImage: 'registry/app:1.4',
    buildType: 'dockerfile',
    env: row.env,
    buildArgs: row.buildArgs,
    buildSecrets: row.buildSecrets,
    createEnvFile: row.createEnvFile,
    serverId: null,
    environmentId: 'e1',
    environment: { env: row.env, project: { env: '', organizationId: 'o1' } },
    deployments: [],
    domains: [],
    healthCheckSwarm: null,
    updateConfigSwarm: null,
  };
}

function composeRow({ id, appName, row }: FakeService): object {
  return {
    composeId: id,
    name: id,
    appName,
    composeStatus: row.status,
    composeType: row.composeType,
    autoDeploy: row.autoDeploy,
    env: row.env,
    serverId: null,
  };
}
