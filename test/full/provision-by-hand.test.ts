import type { ProvisionResult } from '@barback/api/scenarios/provision-result.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { decide, endOf, request, startRun, waitForRun, type PlanBody } from '../support/barback-client.ts';
import { acknowledgedPlan, loseHost } from '../support/lost-host.ts';
import { startProvisioner } from '../support/provisioner.ts';
import { moveRecord } from '../support/second-host.ts';
import { twoHosts } from '../support/two-hosts.ts';

// Where no program makes hosts, a person does, and the run says how and waits.

let first: Lab;
let second: Lab;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  ({ first, second } = await twoHosts(stops));
  await startProvisioner(first, null);
});
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
});

function plan(options: object) {
  const body = { server: 'infra', scenario: 'provision', options: { replaces: 'main', ...options } };
  return request(first, 'POST', '/v1/plans', { body });
}

const byHand = async (options: object = {}): Promise<PlanBody> =>
  (await plan({ byHand: true, ...options })).json as PlanBody;

test('a host is made by hand: the run says what to do, waits for the person and then for the new agent, and the restore can be planned', async () => {
  const without = await plan({});
  expect(without.json).toMatchObject({ status: 422, type: 'urn:barback:problem:provision-refused' });
  expect(without.text).toContain('byHand');
  const alive = await byHand();
  expect([alive.state, alive.findings.map(({ code }) => code)]).toEqual(['blocked', ['old-host-answers']]);
  await loseHost(first);
  expect((await byHand()).findings.map(({ code }) => code)).toEqual(['old-host']);
  const ready = await byHand({ acknowledge: ['old-host'] });
  expect(ready.state).toBe('ready');
  expect((await request(first, 'GET', `/v1/plans/${ready.id}.txt`)).text).toMatch(/^by +a person$/m);
  const { id } = await startRun(first, ready);
  await waitForRun(first, id, (one) => one.state === 'waiting');
  const page = (await request(first, 'GET', `/v1/runs/${id}.txt`)).text;
  expect(page).toContain('barback-api servers token main');
  await decide(first, id, 'make-host', 'made');
  // The person is not as fast as their word.
  await waitForRun(first, id, (one) => one.steps.some(({ name, state }) => name === 'enrolled' && state === 'running'));
  await moveRecord(first, second);
  const run = await endOf(first, id);
  expect(run.state, JSON.stringify(run.problem)).toBe('succeeded');
  const { enrolled, applied } = run.result as unknown as ProvisionResult;
  expect([enrolled?.agentUrl, applied]).toEqual([second.agent.url, null]);
  await acknowledgedPlan(second);
});
