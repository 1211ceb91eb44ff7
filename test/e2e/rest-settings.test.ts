import { problemSchema } from '@barback/shared/wire/problem.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { saveServer } from '@barback/api/servers/server-store.ts';
import { loadServer } from '@barback/api/servers/server-store.ts';
import { openApiRig, type ApiRig } from '../support/api-rig.ts';
import { auditOf } from '../support/engine-rig.ts';

const dokploy = {
  kind: 'dokploy',
  name: 'shop',
  url: 'https://dokploy.example.org',
  secret: 'dokploy',
  service: { type: 'application', id: 'Zx81' },
};
const health = { kind: 'http', name: 'health', url: 'https://shop.example.org/health' };
const wanted = { rtoSeconds: 900, approvals: { drill: 1 }, applications: [dokploy], smoke: [health] };
const place = '/v1/servers/main/settings';

let api: ApiRig;
beforeAll(async () => {
  // Never read here: that it is named is enough.
  api = await openApiRig({}, { dokploy: '/etc/barback/dokploy-key' });
});
afterAll(() => api.close());

const put = (body: unknown, as: 'admin' | 'operator' | 'approver' | 'viewer' = 'admin') =>
  api.ask('PUT', place, { as, body });

describe('the settings of a server', () => {
  test('are replaced by an admin, kept, shown and told in the audit log', async () => {
    const answer = await put(wanted);
    expect([answer.status, answer.json]).toMatchObject([200, { name: 'main', settings: wanted }]);
    const shown = await api.ask('GET', '/v1/servers/main');
    expect(shown.json).toMatchObject({ settings: { ...wanted, tablesMin: null } });
    const event = auditOf(api.rig).at(-1);
    expect(event).toMatchObject({ type: 'server.settings-changed', server: 'main', actor: { kind: 'key' } });
    expect(event?.data).toMatchObject({ settings: wanted });
    const text = await api.ask('PUT', place, { as: 'admin', body: wanted, headers: { accept: 'text/plain' } });
    expect(text.text).toContain('main');
  });

  test('are for admins only, and for servers that exist', async () => {
    for (const role of ['operator', 'approver', 'viewer'] as const) {
      expect((await put(wanted, role)).status).toBe(403);
    }
    expect((await api.ask('PUT', '/v1/servers/other/settings', { as: 'admin', body: wanted })).status).toBe(404);
    const elsewhere = api.key('admin', { servers: ['other'] });
    expect((await api.ask('PUT', place, { key: elsewhere, body: wanted })).status).toBe(404);
  });

  test('that do not fit are refused with the place of each fault, and nothing is changed', async () => {
    const before = auditOf(api.rig).filter(({ type }) => type === 'server.settings-changed').length;
    const refused = async (body: unknown): Promise<readonly string[]> => {
      const { status, json } = await put(body);
      expect(status).toBe(422);
      const errors = problemSchema.parse(json).facts?.['errors'] as { pointer: string; message: string }[];
      return errors.map(({ pointer }) => pointer);
    };
    const other = { ...dokploy, name: 'other' };
    expect(await refused({ ...wanted, applications: [{ ...dokploy, url: 'http://10.0.0.2:3000' }] })).toEqual([
      '/applications/0/url',
    ]);
    expect(await refused({ ...wanted, applications: [dokploy, { ...other, secret: 'unknown' }] })).toEqual([
      '/applications/1/secret',
    ]);
    expect(await refused({ ...wanted, applications: [dokploy, dokploy] })).toEqual(['/applications/1/name']);
    expect(await refused({ ...wanted, applications: [{ ...dokploy, apiKey: 'x' }] })).toEqual([
      '/applications/0/apiKey',
    ]);
    expect(await refused({ ...wanted, smoke: [{ ...health, equals: 1 }] })).toEqual(['/smoke/0/jsonPath']);
    expect(await refused({ rtoSeconds: -1, foo: 1 })).toEqual(['/rtoSeconds', '/foo']);
    expect(auditOf(api.rig).filter(({ type }) => type === 'server.settings-changed')).toHaveLength(before);
  });

  test('that the command line cannot say outlive a new enrolment of the agent', async () => {
    await put({ ...wanted, mirrorHours: 2, keepDays: 30 });
    const { database } = api.rig;
    const admin = { id: 'x', name: 'x', role: 'admin', servers: null } as const;
    const server = loadServer(database.orm, 'main', admin);
    const settings = {
      ...server.settings,
      rtoSeconds: 60,
      keepDays: 7,
      mirrorHours: null,
      applications: [],
      smoke: [],
    };
    expect(saveServer(database, { ...server, settings }, { kind: 'cli', id: 'x' }, () => ({}))).toBe('changed');
    expect(loadServer(database.orm, 'main', admin).settings).toMatchObject({
      rtoSeconds: 60,
      keepDays: 30,
      mirrorHours: 2,
      applications: [dokploy],
      smoke: [health],
    });
  });
});
