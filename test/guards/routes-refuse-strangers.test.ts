import { capabilities, may, roles, type Capability } from '@barback/api/keys/role.ts';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApiRig, type ApiRig } from '../support/api-rig.ts';

const documentSchema = z.looseObject({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(z.string(), z.looseObject({ 'x-barback-needs': z.enum(capabilities).optional() })),
  ),
});

/** Without a key, by decision. */
const open = ['/healthz', '/openapi.json', '/readyz'];

let api: ApiRig;
let routes: { method: string; path: string; needs: Capability | undefined }[];
beforeAll(async () => {
  api = await openApiRig();
  const { paths } = documentSchema.parse((await api.ask('GET', '/openapi.json', { as: null })).json);
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({
      method: method.toUpperCase(),
      path,
      needs: one['x-barback-needs'],
    })),
  );
});
afterAll(async () => {
  await api.close();
});

const filled = (path: string): string =>
  path.replace('{id}', '01m83wec9s5hpknax5fqgkq4z2').replace('{sha256}', 'f'.repeat(64)).replace('{name}', 'main');

describe('every route of the description', () => {
  test('is all there is: the router knows no other', () => {
    const described = routes.filter(({ path }) => !open.includes(path)).map(({ method, path }) => `${method} ${path}`);
    const served = api.app.routes
      .filter(({ method, path }) => method !== 'ALL' && !open.includes(path))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(described.toSorted()).toEqual(served.toSorted());
    expect(described.length).toBeGreaterThan(15);
  });

  test('refuses a stranger with 401, except the three that are open', async () => {
    for (const { method, path } of routes) {
      const { status } = await api.ask(method, filled(path), { as: null });
      expect(`${method} ${path} ${status}`).toBe(`${method} ${path} ${open.includes(path) ? 200 : 401}`);
    }
  });

  test('refuses each role that lacks what it needs with 403, and never the others with that', async () => {
    for (const { method, path, needs } of routes.filter((route) => !open.includes(route.path))) {
      for (const role of roles) {
        const { status } = await api.ask(method, filled(path), { as: role });
        const allowed = needs !== undefined && may(role, needs);
        expect(`${method} ${path} as ${role}: ${status === 403}`).toBe(`${method} ${path} as ${role}: ${!allowed}`);
      }
    }
  });

  test('that changes something is refused to viewers', async () => {
    for (const { method, path } of routes.filter((route) => route.method !== 'GET')) {
      expect((await api.ask(method, filled(path), { as: 'viewer' })).status).toBe(403);
    }
  });
});
