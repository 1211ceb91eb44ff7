import { write } from '@barback/api/db/write.ts';
import { loadWal, saveWal } from '@barback/api/wal-index/wal-store.ts';
import { nothingKnown } from '@barback/api/wal-index/wal-state.ts';
import { windowSchema } from '@barback/api/window/window-schema.ts';
import { planViewSchema } from '@barback/api/planner/plan-view.ts';
import { runViewSchema } from '@barback/api/engine/run-view.ts';
import { reportSchema } from '@barback/api/runs/run-report.ts';
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

describe('a plan that is started in the same call', () => {
  const rebaseline = { server: 'main', scenario: 'rebaseline' };
  const start = (body: object, more: Parameters<ApiRig['ask']>[2] = {}): ReturnType<ApiRig['ask']> =>
    api.ask('POST', '/v1/runs', { body, ...more });

  test.each([drill, rebaseline])(
    'of the scenario $scenario is its only run, with a Location, and runs to its end',
    async (body) => {
      api.engine.start();
      const started = await start(body);
      expect(started.status).toBe(202);
      const run = runViewSchema.parse(started.json);
      expect(started.headers.get('location')).toBe(`/v1/runs/${run.id}`);
      const done = await api.rig.until(run.id, 'succeeded');
      expect(done).toMatchObject({ scenario: body.scenario, server: 'main' });
      const made = planViewSchema.parse((await api.ask('GET', `/v1/plans/${run.planId}`)).json);
      expect(made).toMatchObject({ scenario: body.scenario, state: 'started', runId: run.id });
      for (const path of [`/v1/plans/${made.id}`, `/v1/runs/${run.id}`, `/v1/runs/${run.id}/report`]) {
        expect((await api.ask('GET', `${path}.txt`)).text).toContain(body.scenario);
      }
      expect(reportSchema.parse((await api.ask('GET', `/v1/runs/${run.id}/report`)).json).plan.scenario).toBe(
        body.scenario,
      );
      expect((await api.ask('GET', `/v1/plans.txt`)).text).toContain(made.id);
    },
  );

  test('answers what keeps it from starting with the plan, starts nothing, and the plan can be approved and started', async () => {
    api.rig.database.sqlite.prepare('UPDATE servers SET settings = \'{"approvals":{"rebaseline":1}}\'').run();
    const refused = await start(rebaseline);
    expect(refused.json).toMatchObject({ status: 403, type: 'urn:barback:problem:approval-required' });
    const { plan: made } = (refused.json as { facts: { plan: { id: string; link: string } } }).facts;
    expect(made.link).toBe(`/v1/plans/${made.id}`);
    expect((await api.ask('GET', '/v1/runs')).json).toEqual({ runs: [], next: null });
    const { hash } = planViewSchema.parse((await api.ask('GET', made.link)).json);
    await api.ask('POST', `${made.link}/approvals`, { body: { hash }, as: 'approver' });
    expect((await api.ask('POST', `${made.link}/runs`)).status).toBe(202);
  });

  test('is refused with 409 and the plan while a finding blocks it or is not acknowledged', async () => {
    const unknown = await start({ ...rebaseline, options: { dropSlots: ['never_was'] } });
    expect(unknown.json).toMatchObject({
      status: 409,
      type: 'urn:barback:problem:plan-blocked',
      facts: { findings: ['slot-unknown'], plan: { link: expect.stringMatching(/^\/v1\/plans\//) as string } },
    });
    const course = api.rig.agent.course;
    api.rig.agent.course = (claims) =>
      claims.op === 'protection-facts' ? { end: 'succeeded', result: streamingNow } : course(claims);
    const healthy = await start(rebaseline);
    expect(healthy.json).toMatchObject({ status: 409, facts: { findings: ['slot-healthy'] } });
    expect((healthy.json as { next: string }).next).toContain('acknowledge');
    expect((await api.ask('GET', '/v1/runs')).json).toEqual({ runs: [], next: null });
    expect((await start({ ...rebaseline, options: { acknowledge: ['slot-healthy'] } })).status).toBe(202);
    expect((await start(rebaseline)).json).toMatchObject({ status: 409, facts: { plan: {} } });
  });

  test('is begun once for one Idempotency-Key, also when the api died before it could store its answer', async () => {
    const headers = { 'idempotency-key': 'once' };
    const first = await start(rebaseline, { headers });
    const replayed = await start(rebaseline, { headers });
    expect(replayed.headers.get('idempotent-replayed')).toBe('true');
    expect(replayed.json).toEqual(first.json);
    // What a crash between the start and the stored answer leaves.
    api.rig.database.sqlite.prepare('DELETE FROM idempotency').run();
    const again = await start(rebaseline, { headers });
    expect([again.status, (again.json as { id: string }).id]).toEqual([200, (first.json as { id: string }).id]);
    expect((await api.ask('GET', '/v1/plans')).json).toMatchObject({ plans: [{}], next: null });
    api.rig.database.sqlite.prepare('DELETE FROM idempotency').run();
    // The key of another person, or without a key: the server is busy, and nothing is begun twice.
    expect((await start(rebaseline, { headers, as: 'admin' })).json).toMatchObject({ status: 409 });
    expect((await start(rebaseline)).json).toMatchObject({ status: 409 });
    expect((await api.ask('GET', '/v1/runs')).json).toMatchObject({ runs: [{}] });
  });

  test('of a new baseline lets the window tell what it gave up as its own hole, with the slot and the run', async () => {
    api.engine.start();
    const course = api.rig.agent.course;
    const abandoned = { ...streamingNow.live.slots[0], active: false, usedBy: null };
    const result = { ...streamingNow, live: { ...streamingNow.live, slots: [abandoned] } };
    api.rig.agent.course = (claims) =>
      claims.op === 'protection-facts' ? { end: 'succeeded', result } : course(claims);
    const run = runViewSchema.parse((await start(rebaseline)).json);
    await api.rig.until(run.id, 'succeeded');
    // Nobody looks again: the window is told from what is known.
    api.rig.agent.reachable = () => false;
    const at = (first: number, last: number) => ({ timeline: 1, first, last });
    const complete = [at(1, 2), at(9, 9), at(12, 12)];
    const state = { ...nothingKnown, segmentBytes: 16 * 1024 * 1024, complete, read: complete, partial: [at(3, 3)] };
    write(api.rig.database, (tx) => saveWal(tx, 'main', { ...loadWal(tx, 'main'), state }));
    const { holes } = windowSchema.parse((await api.ask('GET', '/v1/servers/main/window')).json);
    expect(holes.map(({ first, last, cause }) => [first.slice(-2), last.slice(-2), cause])).toEqual([
      ['03', '08', 'given-up'],
      ['0A', '0B', 'missing'],
    ]);
    expect(holes[0]?.detail).toContain(`the slot barman that kept it was dropped by run ${run.id}`);
    expect((await api.ask('GET', '/v1/servers/main/window.txt')).text).toContain('given-up');
  });

  test('needs the role that planning and starting need, and sees no server of another key', async () => {
    for (const as of ['viewer', 'approver'] as const) expect((await start(rebaseline, { as })).status).toBe(403);
    const key = api.key('operator', { servers: ['other'] });
    expect((await start(rebaseline, { key })).status).toBe(404);
    expect((await start({ ...rebaseline, target: { type: 'latest' } })).json).toMatchObject({ status: 422 });
    expect((await start({ ...drill, options: { slot: 'keep' } })).json).toMatchObject({ status: 422 });
  });
});

const streamingNow = {
  streaming: true,
  archiver: false,
  slotName: 'barman',
  receiverName: 'barman_receive_wal',
  live: {
    timeline: 1,
    lsn: '0/5000000',
    inRecovery: false,
    walBytes: 0,
    slots: [
      {
        name: 'barman',
        type: 'physical',
        database: null,
        active: true,
        restartLsn: '0/4000000',
        retainedBytes: 1,
        walStatus: 'reserved',
        usedBy: { pid: 1, applicationName: 'barman_receive_wal', userName: 'streaming_barman', address: null },
      },
    ],
  },
} as const;
