import { judgeAll } from '@barback/api/readiness/server-watch.ts';
import { readinessSchema } from '@barback/api/readiness/readiness-view.ts';
import { serverDetailSchema } from '@barback/api/servers/server-view.ts';
import { problem } from '@barback/shared/wire/problem.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openApiRig, type ApiRig } from '../support/api-rig.ts';
import { auditOf } from '../support/engine-rig.ts';

let api: ApiRig;
beforeEach(async () => {
  api = await openApiRig();
  api.engine.start();
});
afterEach(async () => {
  await api.close();
});

const drill = { server: 'main', scenario: 'drill', target: { type: 'latest' } };

async function runDrill(): Promise<string> {
  const { json } = await api.ask('POST', '/v1/runs', { body: drill });
  const { id } = json as { id: string };
  await api.rig.until(id, 'succeeded', 'failed');
  return id;
}

const readiness = async () => readinessSchema.parse((await api.ask('GET', '/v1/servers/main/drills')).json);
const judge = (): Promise<void> => judgeAll(api.engine.deps);

describe('the drills of a server', () => {
  test('are a history, from which a restore is predicted as soon as there are three', async () => {
    const first = await runDrill();
    expect(await readiness()).toMatchObject({
      restoreNow: { seconds: null },
      drills: [{ run: first, state: 'succeeded' }],
    });
    await runDrill();
    await runDrill();
    const { restoreNow, drills } = await readiness();
    expect(drills).toHaveLength(3);
    const { median, min, max } = restoreNow?.seconds ?? { median: 0, min: 0, max: 0 };
    expect(min).toBeGreaterThan(0);
    expect([median >= min, max >= median]).toEqual([true, true]);
    const text = (await api.ask('GET', '/v1/servers/main/drills.txt')).text;
    expect(text).toMatch(/restore now +about/);
    expect(text).toContain(first);
  });

  test('that fail are a finding of the server, told once as an event, and over with the next that succeeds', async () => {
    const usual = api.rig.agent.course;
    const broken = problem('manifest-mismatch', 'base/5/1259 differs');
    api.rig.agent.course = (claims) =>
      claims.op === 'scratch-verify-manifest' ? { end: 'failed', problem: broken } : usual(claims);
    await runDrill();
    await judge();
    await judge();
    const { findings } = serverDetailSchema.parse((await api.ask('GET', '/v1/servers/main')).json);
    expect(findings[0]).toMatchObject({ code: 'drill-failed', severity: 'critical', detail: 'base/5/1259 differs' });
    expect((await api.ask('GET', '/v1/servers/main.txt')).text).toContain('CRITICAL The last drill failed');
    api.rig.agent.course = usual;
    await runDrill();
    await judge();
    expect((await readiness()).findings.map(({ code }) => code)).not.toContain('drill-failed');
    const told = auditOf(api.rig).filter(
      ({ type, data }) => type.startsWith('server.finding') && /drill-failed/.test(JSON.stringify(data)),
    );
    expect(told.map(({ type }) => type)).toEqual(['server.finding-raised', 'server.finding-cleared']);
  });
});

describe('the metrics', () => {
  test('are there for Prometheus, with a type that it accepts, and only for who has a key', async () => {
    await runDrill();
    const { status, headers, text } = await api.ask('GET', '/metrics', { as: 'viewer' });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(text).toContain('barback_runs_total{server="main",scenario="drill",outcome="succeeded"} 1');
    expect(text).toMatch(/^barback_last_drill_success_timestamp_seconds\{server="main"\} \d/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
    expect((await api.ask('GET', '/metrics', { as: null })).status).toBe(401);
  });

  test('of a key for other servers say nothing of this one', async () => {
    await runDrill();
    const key = api.key('viewer', { servers: ['other'] });
    const { text } = await api.ask('GET', '/metrics', { key });
    expect(text).not.toContain('server="main"');
    expect(text).toContain('barback_build_info');
  });
});
