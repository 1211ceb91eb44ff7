import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { answerCall, errorBody, knows, type FakeAnswer } from './fake-dokploy-calls.ts';
import type { FakeDokploy, FakeService } from './fake-dokploy-state.ts';
import { FakeSwarm, type Workload } from './fake-swarm.ts';

export interface FakeServiceOptions {
  readonly id: string;
  readonly type?: FakeService['type'];
  readonly appName?: string;
  readonly workload: Workload;
  readonly row?: Partial<FakeService['row']>;
}

/** Dokploy as far as it is known to answer (integration notes, §1), in front of real processes. */
export async function startFakeDokploy(options: readonly FakeServiceOptions[]): Promise<FakeDokploy> {
  const services = new Map<string, FakeService>();
  for (const one of options) services.set(one.id, serviceOf(one));
  const fake: FakeDokploy & { url: string } = {
    url: '',
    key: 'dk_canary_b4f1c0de',
    faults: {
      stopSilentlyFails: false,
      stopTakesMs: 0,
      rollbackOnUpdate: false,
      environmentChanges: false,
      listsNothing: false,
      hang: null,
      rateLimited: false,
      htmlBadGateway: false,
      mayNotUpdate: false,
      mayNotRead: false,
      emptyBodies: false,
      fails: null,
    },
    calls: [],
    unknown: [],
    version: 'v0.30.2',
    service(id) {
      const service = services.get(id);
      if (service === undefined) throw new Error(`the fake has no service ${id}`);
      return service;
    },
    async push(id, how = 'webhook') {
      const { row, swarm } = fake.service(id);
      if (how === 'webhook' && !row.autoDeploy) return;
      await swarm.replace(row.replicas, row.env);
      row.status = 'done';
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      for (const { swarm } of services.values()) await swarm.scale(0);
    },
  };
  const server = createServer((request, response) => {
    void handle(fake, services, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  fake.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const { swarm, row } of services.values()) {
    await swarm.replace(row.status === 'done' ? row.replicas : 0, row.env);
  }
  return fake;
}

function serviceOf({
  id,
  type = 'application',
  appName = `prod-${id}-a1b2c3`,
  workload,
  row,
}: FakeServiceOptions): FakeService {
  return {
    type,
    id,
    appName,
    row: {
      status: 'done',
      replicas: 1,
      autoDeploy: true,
      modeSwarm: null,
      composeType: 'docker-compose',
      env: 'SPRING_DATASOURCE_PASSWORD=canary_env_7731\n',
      buildArgs: 'TOKEN=canary_build_1',
      buildSecrets: null,
      createEnvFile: false,
      ...row,
    },
    swarm: new FakeSwarm(appName, workload, type === 'compose'),
  };
}

async function handle(
  fake: FakeDokploy,
  services: ReadonlyMap<string, FakeService>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://fake');
  const body = await text(request);
  const send = ({ status, body: sent, type = 'application/json' }: FakeAnswer): void => {
    response.writeHead(status, { 'content-type': type }).end(sent);
  };
  if (fake.faults.htmlBadGateway) return send({ status: 502, body: '<html>Bad Gateway</html>', type: 'text/html' });
  const call = url.pathname.replace(/^\/api\//, '');
  const isMutation = request.method === 'POST';
  if (request.headers['x-api-key'] !== fake.key || fake.faults.rateLimited) {
    return send({ status: 401, body: JSON.stringify({ message: 'Unauthorized' }) });
  }
  const known = knows(call, isMutation);
  const type = request.headers['content-type'] ?? '';
  if (known && isMutation && !type.startsWith('application/json')) {
    return send(
      errorBody(415, 'UNSUPPORTED_MEDIA_TYPE', `Unsupported content-type "${type.split(';')[0] ?? ''}`, call),
    );
  }
  const input = isMutation ? parsed(body) : Object.fromEntries(url.searchParams);
  if (known && input === null) return send(errorBody(400, 'PARSE_ERROR', 'Failed to parse request body', call));
  const answer = await answerCall(fake, services, { call, isMutation, input: input ?? {} });
  if (fake.faults.hang === call) return delay(600_000, undefined, { ref: false });
  send(answer);
}

function parsed(body: string): Record<string, unknown> | null {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return null;
  }
}
