import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { channelsSchema, type Channel } from '@barback/api/notify/channel-config.ts';
import type { ChannelView } from '@barback/api/notify/channel-view.ts';
import type { Message } from '@barback/api/notify/message.ts';
import { createNotifier, type Notifier, type NotifierDeps } from '@barback/api/notify/notifier.ts';
import { startRun } from '@barback/api/engine/start-run.ts';
import { problem } from '@barback/shared/wire/problem.ts';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { poll } from '../lab/poll.ts';
import { openApiRig, type ApiRig } from '../support/api-rig.ts';
import { auditOf, operator, until } from '../support/engine-rig.ts';
import { checkStep, gateStep, verifyStep } from '../support/engine-steps.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

const signing = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let directory: string;
let receivers: Receiver[];
let api: ApiRig;
let notifier: Notifier;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'barback-notify-'));
  receivers = [await startReceiver(), await startReceiver()];
});
afterEach(async () => {
  await notifier.stop();
  await api.close();
  for (const one of receivers) await one.close();
  await rm(directory, { recursive: true });
});

const receiver = (index = 0): Receiver => {
  const one = receivers[index];
  if (!one) throw new Error('there is no such receiver');
  return one;
};

/** An api that tells these channels, with secrets of their own. */
async function tell(channels: readonly object[], more: Partial<NotifierDeps> = {}): Promise<readonly Channel[]> {
  const secrets: Record<string, string> = {};
  for (const [name, secret] of [
    ['signing', signing],
    ['address', receiver().url],
    ['token', 'tk_secret'],
  ] as const) {
    secrets[name] = join(directory, name);
    await writeFile(secrets[name], secret, { mode: 0o600 });
  }
  const parsed = channelsSchema.parse(channels);
  api = await openApiRig({}, secrets, parsed);
  startNotifier(parsed, more);
  api.engine.start();
  return parsed;
}

function startNotifier(channels: readonly Channel[], more: Partial<NotifierDeps> = {}): void {
  const { integrations, rig, engine } = api;
  const { log } = engine.deps;
  notifier = createNotifier({ database: rig.database, integrations, log, channels, everyMs: 20, ...more });
  notifier.start();
}

const webhook = (index = 0, more: object = {}) => ({
  kind: 'webhook',
  name: index === 0 ? 'first' : 'second',
  url: receiver(index).url,
  secret: 'signing',
  ...more,
});

const start = (...steps: Parameters<ApiRig['rig']['plan']>[0]): string =>
  startRun(api.engine.deps, { planId: api.rig.plan(steps), actor: operator }).run.id;
const heard = (index = 0): Message[] => receiver(index).received.map(({ body }) => JSON.parse(body) as Message);
const hears = (count: number, index = 0): Promise<unknown> =>
  until(
    () => receiver(index).received.length,
    (received) => received >= count,
  );
const channel = async (name: string): Promise<ChannelView> => {
  const { json } = await api.ask('GET', '/v1/channels', { as: 'admin' });
  const found = (json as { channels: ChannelView[] }).channels.find((one) => one.name === name);
  if (!found) throw new Error(`there is no channel ${name}`);
  return found;
};
const untilState = (name: string, holds: (view: ChannelView) => boolean): Promise<ChannelView> =>
  poll(`the awaited state of channel ${name}`, 15_000, async () => {
    const view = await channel(name);
    return holds(view) ? view : undefined;
  });

describe('a webhook', () => {
  test('hears begin and end of a run, the state of the database with it, signed as the reference library verifies it', async () => {
    await tell([webhook()]);
    const run = start(checkStep);
    await hears(2);
    expect(heard().map(({ type }) => type)).toEqual(['run.started', 'run.succeeded']);
    const [, ended] = heard();
    expect(ended?.data).toMatchObject({ run, server: 'main', scenario: 'drill', liveDatabase: 'old-running' });
    expect(ended?.data.title).toContain('the live database is running, as it was');
    for (const { body, headers } of receiver().received) {
      const verified = new Webhook(signing).verify(body, headers as Record<string, string>);
      expect(verified).toEqual(JSON.parse(body));
      expect(() => new Webhook(signing).verify(`${body} `, headers as Record<string, string>)).toThrow(/signature/i);
    }
    const ids = receiver().received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(2);
  });

  test('hears that a person is waited for, needed, or that a run failed, with what to do', async () => {
    await tell([webhook(0, { types: ['run.waiting', 'run.needs-operator', 'run.failed'] })]);
    const broken = problem('manifest-mismatch', 'base/5/1259 differs', { next: 'choose another backup' });
    api.rig.agent.course = () => ({ end: 'failed', problem: broken });
    start(verifyStep);
    await hears(1);
    expect(heard()[0]?.data).toMatchObject({ urgent: true });
    expect(heard()[0]?.data.text).toContain('-> choose another backup');
    await api.rig.until(start({ ...verifyStep, commits: true }), 'needs_operator');
    await hears(2);
    expect(heard()[1]?.type).toBe('run.needs-operator');
    const halted = heard()[1]?.data.run ?? '';
    await api.ask('POST', `/v1/runs/${halted}/cancel`);
    await api.rig.until(halted, 'cancelled', 'failed');
    const waiting = start(gateStep);
    await until(heard, (all) => all.some(({ type, data }) => type === 'run.waiting' && data.run === waiting));
    expect(heard().find(({ type }) => type === 'run.waiting')?.data.text).toContain('Is it right?');
  });

  test('that fails is told again later, with the same id, and no run waits for it', async () => {
    await tell([webhook()], { retrySeconds: [0.05, 0.05, 0.05] });
    let failures = 0;
    receiver().answer = () => ({ status: (failures += 1) <= 2 ? 500 : 200 });
    const run = start(checkStep);
    expect((await api.rig.until(run, 'succeeded')).state).toBe('succeeded');
    await untilState(
      'first',
      ({ deliveries }) => deliveries.length === 2 && deliveries.every((one) => one.state === 'delivered'),
    );
    const first = receiver().received.filter(({ body }) => body.includes('run.started'));
    expect(new Set(first.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(first.map(({ body }) => body)).size).toBe(1);
    expect(receiver().received.length).toBe(4);
  });

  test('is given up when its tries are used up, and that is seen', async () => {
    await tell([webhook()], { retrySeconds: [0.02] });
    receiver().answer = () => ({ status: 503 });
    await api.rig.until(start(checkStep), 'succeeded');
    const view = await untilState(
      'first',
      ({ deliveries }) => deliveries.filter((one) => one.state === 'failed').length === 2,
    );
    expect(view.deliveries[0]).toMatchObject({ tries: 2, error: 'it said 503', nextTryAt: null });
    expect((await api.ask('GET', '/v1/channels.txt', { as: 'admin' })).text).toContain('it said 503');
  });

  test('that hangs keeps no other from hearing, and is tried again', async () => {
    await tell([webhook(0), webhook(1)], { limitMs: 300, retrySeconds: [600] });
    receiver(0).answer = () => 'hang';
    await api.rig.until(start(checkStep), 'succeeded');
    await hears(2, 1);
    const view = await untilState('first', ({ deliveries }) => deliveries.every((one) => one.tries === 1));
    expect(view.deliveries[0]).toMatchObject({ state: 'pending', error: 'no answer within 0.3 s' });
  });

  test('is never followed to where it redirects', async () => {
    await tell([webhook(0)], { retrySeconds: [600] });
    receiver(0).answer = () => ({ status: 307, location: receiver(1).url });
    await api.rig.until(start(checkStep), 'succeeded');
    const view = await untilState('first', ({ deliveries }) => deliveries.some((one) => one.tries > 0));
    expect(view.deliveries.at(-1)?.error).toContain('redirects are not followed');
    expect(receiver(1).received).toEqual([]);
  });

  test('that says 410 is disabled, what waits is dropped and said to be, and a person enables it again', async () => {
    await tell([webhook(0), webhook(1)]);
    receiver(0).answer = () => ({ status: 410 });
    await api.rig.until(start(checkStep), 'succeeded');
    await hears(2, 1);
    const view = await untilState('first', ({ disabled }) => disabled !== null);
    expect(view.disabled?.reason).toBe('it said 410 Gone');
    await api.rig.until(start(checkStep), 'succeeded');
    await hears(4, 1);
    const dropped = await untilState('first', ({ deliveries }) => deliveries.length === 4);
    expect(new Set(dropped.deliveries.map(({ state }) => state))).toEqual(new Set(['dropped']));
    expect(receiver(0).received).toHaveLength(1);
    receiver(0).answer = () => ({ status: 200 });
    expect((await api.ask('POST', '/v1/channels/first/enable', { as: 'admin' })).status).toBe(200);
    expect((await api.ask('POST', '/v1/channels/first/test', { as: 'admin' })).status).toBe(202);
    await hears(2, 0);
    expect(heard().at(-1)?.type).toBe('test');
    expect(auditOf(api.rig).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['channel.disabled', 'channel.enabled']),
    );
  });

  test('hears after a restart of the api what happened meanwhile, once', async () => {
    const channels = await tell([webhook()]);
    await api.rig.until(start(checkStep), 'succeeded');
    // One that is cut off before its answer is recorded would come again, with the same id.
    const delivered = (count: number): Promise<unknown> =>
      untilState('first', ({ deliveries }) => deliveries.filter(({ state }) => state === 'delivered').length === count);
    await delivered(2);
    await notifier.stop();
    await api.rig.until(start(checkStep), 'succeeded');
    startNotifier(channels);
    await delivered(4);
    await notifier.stop();
    startNotifier(channels);
    await api.ask('POST', '/v1/channels/first/test', { as: 'admin' });
    await hears(5);
    expect(heard().map(({ type }) => type)).toEqual([
      'run.started',
      'run.succeeded',
      'run.started',
      'run.succeeded',
      'test',
    ]);
  });

  test('of other servers, or for other things, hears nothing', async () => {
    await tell([webhook(0, { servers: ['other'] }), webhook(1, { types: ['run.failed', 'test'] })]);
    await api.rig.until(start(checkStep), 'succeeded');
    await api.ask('POST', '/v1/channels/second/test', { as: 'admin' });
    await hears(1, 1);
    expect([heard(0), heard(1).map(({ type }) => type)]).toEqual([[], ['test']]);
  });
});

describe('other kinds', () => {
  test('a Slack hook gets text, ntfy a title and a priority, healthchecks the begin and the end of a drill', async () => {
    await tell([
      { kind: 'slack', name: 'chat', urlSecret: 'address' },
      { kind: 'ntfy', name: 'phone', url: receiver(1).url, secret: 'token' },
    ]);
    await api.rig.until(start(checkStep), 'succeeded');
    await hears(2, 0);
    await hears(2, 1);
    expect((JSON.parse(receiver(0).received[1]?.body ?? '') as { text: string }).text).toMatch(
      /^\*main: drill has succeeded/,
    );
    const told = receiver(1).received[1];
    if (!told) throw new Error('ntfy was not told');
    const { headers, body } = told;
    expect(headers).toMatchObject({ priority: '3', authorization: 'Bearer tk_secret' });
    expect(headers['title']).toContain('main: drill has succeeded');
    expect(body).toContain('GET /v1/runs/');
  });

  test('healthchecks pairs the begin of a drill with its end, and hears of nothing else', async () => {
    await tell([{ kind: 'healthchecks', name: 'drills', urlSecret: 'address' }]);
    await api.rig.until(start(checkStep), 'succeeded');
    await hears(2);
    const [begin, end] = receiver().received.map((one) => new URL(one.path, 'http://x'));
    expect([begin?.pathname, end?.pathname]).toEqual(['/hook/start', '/hook']);
    expect(begin?.searchParams.get('rid')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(begin?.searchParams.get('rid')).toBe(end?.searchParams.get('rid'));
    api.rig.agent.course = () => ({ end: 'failed', problem: problem('manifest-mismatch', 'it differs') });
    await api.rig.until(start(verifyStep), 'failed');
    await hears(4);
    expect(receiver().received.at(-1)?.path).toMatch(/^\/hook\/fail\?rid=/);
  });

  test('no address and no secret is shown by the api', async () => {
    await tell([webhook(), { kind: 'slack', name: 'chat', urlSecret: 'address' }]);
    const shown = (await api.ask('GET', '/v1/channels', { as: 'admin' })).text;
    expect(shown).not.toContain('whsec_');
    expect(shown).not.toContain(receiver().url);
  });
});
