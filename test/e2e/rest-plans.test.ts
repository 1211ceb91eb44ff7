import { createHash } from 'node:crypto';
import { planViewSchema } from '@barback/api/planner/plan-view.ts';
import { runViewSchema } from '@barback/api/engine/run-view.ts';
import { reportSchema } from '@barback/api/runs/run-report.ts';
import { verifyAudit } from '@barback/shared/audit/verify.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openApiRig, type ApiRig } from '../support/api-rig.ts';

const drill = { server: 'main', scenario: 'drill', target: { type: 'latest' } };

let api: ApiRig;
beforeEach(async () => {
  api = await openApiRig();
});
afterEach(async () => {
  await api.close();
});

async function plan(body: object = drill): Promise<{ id: string; hash: string }> {
  const { status, json } = await api.ask('POST', '/v1/plans', { body });
  expect(status).toBe(201);
  return planViewSchema.parse(json);
}

describe('a plan', () => {
  test('has the promised shape and a Location, and its frozen bytes hash to its hash', async () => {
    const made = await api.ask('POST', '/v1/plans', { body: drill });
    expect(made.status).toBe(201);
    const view = planViewSchema.parse(made.json);
    expect(made.headers.get('location')).toBe(`/v1/plans/${view.id}`);
    expect(view).toMatchObject({
      server: 'main',
      scenario: 'drill',
      state: 'ready',
      target: { type: 'latest' },
      backup: { id: '20261122T120500', endTime: '2026-11-22T12:06:00.000000Z', timeline: 1, sizeBytes: 1_000_000 },
      findings: [],
    });
    expect(view.steps[0]).toMatchObject({ name: 'look-at-host', class: 'R', on: 'agent' });
    const document = await api.ask('GET', `/v1/plans/${view.id}/document`);
    expect(document.headers.get('etag')).toBe(`"${view.hash}"`);
    expect(createHash('sha256').update(document.text).digest('hex')).toBe(view.hash);
    const same = await api.ask('GET', `/v1/documents/${view.hash}`);
    expect(same.text).toBe(document.text);
  });

  test('is made once for one Idempotency-Key, and another request with that key is refused', async () => {
    const headers = { 'idempotency-key': 'k1' };
    const first = await api.ask('POST', '/v1/plans', { body: drill, headers });
    const again = await api.ask('POST', '/v1/plans', { body: drill, headers });
    expect(again.json).toEqual(first.json);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    const other = await api.ask('POST', '/v1/plans', { body: { ...drill, target: { type: 'immediate' } }, headers });
    expect(other.json).toMatchObject({ status: 422, type: 'urn:barback:problem:idempotency-key-reused' });
    const stranger = await api.ask('POST', '/v1/plans', { body: drill, headers, as: 'admin' });
    expect(stranger.json).not.toMatchObject({ id: (first.json as { id: string }).id });
  });

  test('is made once when the same key comes twice at the same time', async () => {
    const headers = { 'idempotency-key': 'k2' };
    const both = await Promise.all([1, 2].map(() => api.ask('POST', '/v1/plans', { body: drill, headers })));
    expect(both[0]?.json).toEqual(both[1]?.json);
  });

  test('that names an unknown backup, or a time before the first or in the future, is refused with what to write instead', async () => {
    const refusals: readonly [object, number, string, RegExp][] = [
      [{ backup: '20200101T000000' }, 404, 'backup-not-found', /backups/],
      [{ target: { type: 'time', time: '2026-11-22T11:00:00Z' } }, 422, 'target-unreachable', /12:01:00/],
      [{ target: { type: 'time', time: '2999-01-01T00:00:00Z' } }, 422, 'target-unreachable', /latest/],
    ];
    for (const [more, status, type, next] of refusals) {
      const { json } = await api.ask('POST', '/v1/plans', { body: { ...drill, ...more } });
      expect(json).toMatchObject({ status, type: `urn:barback:problem:${type}` });
      expect((json as { next: string }).next).toMatch(next);
    }
  });

  test('cannot be made, and nothing is stored, when the agent does not answer', async () => {
    api.rig.agent.reachable = () => false;
    const { json } = await api.ask('POST', '/v1/plans', { body: drill });
    expect(json).toMatchObject({ status: 503, type: 'urn:barback:problem:agent-unreachable' });
    expect((await api.ask('GET', '/v1/plans')).json).toEqual({ plans: [], next: null });
  });

  test('waits for the approval of exactly its hash by another person where the policy asks for one', async () => {
    api.rig.database.sqlite.prepare('UPDATE servers SET settings = \'{"approvals":{"drill":1}}\'').run();
    const { id, hash } = await plan();
    expect((await api.ask('POST', `/v1/plans/${id}/runs`)).json).toMatchObject({ status: 403 });
    const approve = (body: object, as: 'approver' | 'operator' = 'approver'): ReturnType<ApiRig['ask']> =>
      api.ask('POST', `/v1/plans/${id}/approvals`, { body, as });
    expect((await approve({ hash: 'f'.repeat(64) })).json).toMatchObject({ status: 412 });
    expect((await approve({ hash }, 'operator')).json).toMatchObject({ status: 403 });
    expect((await approve({ hash })).json).toMatchObject({ state: 'ready' });
    expect((await approve({ hash })).json).toMatchObject({ approvals: { required: 1, given: [{}] } });
    expect((await api.ask('POST', `/v1/plans/${id}/runs`)).status).toBe(202);
  });

  test('of an admin is not approved by the same admin', async () => {
    const { json } = await api.ask('POST', '/v1/plans', { body: drill, as: 'admin' });
    const { id, hash } = planViewSchema.parse(json);
    const approved = await api.ask('POST', `/v1/plans/${id}/approvals`, { body: { hash }, as: 'admin' });
    expect(approved.status).toBe(403);
  });
});

describe('a run', () => {
  test('starts once per plan, honours If-Match, and ends with a report that says what was proven', async () => {
    api.engine.start();
    const { id, hash } = await plan();
    const wrong = await api.ask('POST', `/v1/plans/${id}/runs`, { headers: { 'if-match': `"${'0'.repeat(64)}"` } });
    expect(wrong.json).toMatchObject({ status: 412, type: 'urn:barback:problem:plan-changed' });
    const started = await api.ask('POST', `/v1/plans/${id}/runs`, { headers: { 'if-match': `"${hash}"` } });
    expect(started.status).toBe(202);
    const run = runViewSchema.parse(started.json);
    expect(started.headers.get('location')).toBe(`/v1/runs/${run.id}`);
    const again = await api.ask('POST', `/v1/plans/${id}/runs`);
    expect([again.status, (again.json as { id: string }).id]).toEqual([200, run.id]);
    await api.rig.until(run.id, 'succeeded');
    const shown = await api.ask('GET', `/v1/runs/${run.id}`);
    expect(shown.json).toMatchObject({ state: 'succeeded', planId: id, result: { backupId: '20261122T120500' } });
    const report = reportSchema.parse((await api.ask('GET', `/v1/runs/${run.id}/report`)).json);
    expect(report.operations.map((one) => one.step)).toContain('discard');
    const receipt = report.operations.find((one) => one.step === 'recover')?.receipt ?? '';
    const document = await api.ask('GET', `/v1/documents/${receipt}`);
    expect(createHash('sha256').update(document.text).digest('hex')).toBe(receipt);
    expect((await api.ask('GET', `/v1/runs/${run.id}/report.txt`)).text).toMatch(/measured RTO/);
    expect((await api.ask('POST', `/v1/runs/${run.id}/cancel`)).json).toMatchObject({ status: 409 });
  });

  test('can be cancelled twice, and is listed by server and state', async () => {
    const { id } = await plan();
    const { json } = await api.ask('POST', `/v1/plans/${id}/runs`);
    const run = runViewSchema.parse(json);
    for (let time = 0; time < 2; time += 1) {
      expect((await api.ask('POST', `/v1/runs/${run.id}/cancel`)).status).toBe(202);
    }
    const list = await api.ask('GET', '/v1/runs?server=main&state=queued&limit=1');
    expect(list.json).toMatchObject({ runs: [{ id: run.id }], next: run.id });
    expect((await api.ask('GET', `/v1/runs?before=${run.id}`)).json).toEqual({ runs: [], next: null });
    expect((await api.ask('GET', '/v1/servers')).json).toMatchObject({
      servers: [{ name: 'main', activeRun: run.id }],
    });
  });
});

describe('the audit log', () => {
  test('exports its exact bytes, which verify offline, and pages by number', async () => {
    await plan();
    const exported = await api.ask('GET', '/v1/audit/export');
    expect(exported.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = exported.text.trimEnd().split('\n');
    const verdict = verifyAudit(lines);
    expect(verdict).toMatchObject({ ok: true, events: lines.length });
    const page = (await api.ask('GET', '/v1/audit?after=0&limit=2')).json as {
      events: { seq: number }[];
      next: number;
    };
    expect(page.events.map((event) => event.seq)).toEqual([1, 2]);
    expect(page.next).toBe(2);
  });

  test('records what somebody known was refused, and strangers at most once in a while', async () => {
    await api.ask('POST', '/v1/plans', { as: 'viewer', body: drill });
    for (let time = 0; time < 20; time += 1) await api.ask('GET', '/v1/servers', { as: null });
    const { text } = await api.ask('GET', '/v1/audit/export');
    const refused = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; actor: { kind: string } })
      .filter((event) => event.type === 'request.refused');
    expect(refused.map((event) => event.actor.kind)).toEqual(['key', 'stranger']);
  });
});

describe('a key for one server', () => {
  test('sees nothing of another, not even whether it exists', async () => {
    const { id } = await plan();
    const run = runViewSchema.parse((await api.ask('POST', `/v1/plans/${id}/runs`)).json);
    const key = api.key('admin', { servers: ['other'] });
    for (const path of [
      `/v1/plans/${id}`,
      `/v1/plans/${id}/document`,
      `/v1/runs/${run.id}`,
      `/v1/runs/${run.id}/report`,
    ]) {
      const { json } = await api.ask('GET', path, { key });
      expect(json).toMatchObject({ status: 404, type: 'urn:barback:problem:not-found' });
    }
    expect((await api.ask('POST', `/v1/runs/${run.id}/cancel`, { key })).status).toBe(404);
    expect((await api.ask('POST', '/v1/plans', { key, body: drill })).status).toBe(404);
    expect((await api.ask('GET', '/v1/servers', { key })).json).toEqual({ servers: [] });
    expect((await api.ask('GET', '/v1/plans', { key })).json).toEqual({ plans: [], next: null });
    expect((await api.ask('GET', '/v1/runs', { key })).json).toEqual({ runs: [], next: null });
    for (const path of ['/v1/audit', '/v1/audit/export', `/v1/documents/${'0'.repeat(64)}`]) {
      expect((await api.ask('GET', path, { key })).status).toBe(403);
    }
    expect((await api.ask('GET', `/v1/audit?run=${run.id}`, { key })).status).toBe(404);
  });
});
