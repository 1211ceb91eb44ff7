import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import type { WebhookApplication } from './application-settings.ts';
import { observeApplication, snapshotApplication, startApplication, stopApplication } from './applications.ts';
import { openIntegrations, usualPace, type Integrations } from './integrations.ts';
import { openSecrets } from './secrets.ts';
import { runHttpSmoke } from './smoke/run-http-smoke.ts';

const never = new AbortController().signal;
const key = Buffer.alloc(32, 7);
const plan = '01m83wec9s5hpknax5fqgkq4z2';

let directory: string;
let server: Server;
let url: string;
let integrations: Integrations;
/** What the receiver answers, one after the other; the last goes on. */
let answers: { status: number; body?: string; headers?: Record<string, string> }[] = [];
let received: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'barback-peers-'));
  const files = { hook: join(directory, 'hook'), wrong: join(directory, 'wrong') };
  writeFileSync(files.hook, `whsec_${key.toString('base64')}\n`, { mode: 0o600 });
  writeFileSync(files.wrong, 'whsec_canary\n', { mode: 0o600 });
  server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ path: request.url ?? '', headers: request.headers, body });
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 200 };
      if (answer.status === 0) return request.socket.destroy();
      return response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  integrations = openIntegrations({
    secrets: openSecrets(files),
    clock: systemClock,
    pace: { ...usualPace, retryMs: 10 },
  });
});
afterAll(async () => {
  await integrations.close();
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  answers = [{ status: 200 }];
  received = [];
});

const webhook = (more: Partial<WebhookApplication> = {}): WebhookApplication => ({
  kind: 'webhook',
  name: 'billing',
  stopUrl: `${url}/stop`,
  startUrl: `${url}/start`,
  secret: 'hook',
  deadlineSeconds: 1,
  ...more,
});
const given = (application: WebhookApplication) => ({ plan, application, snapshot: {}, signal: never });

describe('a webhook', () => {
  test('is signed as Standard Webhooks says, and carries no more than what is asked', async () => {
    expect(await snapshotApplication(integrations, given(webhook()))).toEqual({});
    await stopApplication(integrations, given(webhook()));
    await startApplication(integrations, given(webhook()));
    expect(received.map(({ path }) => path)).toEqual(['/stop', '/start']);
    for (const { headers, body } of received) {
      const id = String(headers['webhook-id']);
      const stamp = String(headers['webhook-timestamp']);
      const expected = createHmac('sha256', key).update(`${id}.${stamp}.${body}`).digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${expected}`);
      expect(Math.abs(Number(stamp) - Date.now() / 1000)).toBeLessThan(5);
      expect(JSON.parse(body)).toMatchObject({
        type: expect.stringMatching(/^application\.(stop|start)$/) as string,
        data: { plan, application: 'billing' },
      });
    }
    expect(await observeApplication(integrations, given(webhook()))).toEqual({ state: 'unknown', facts: null });
  });

  test('is tried again with the same id, also in another life of the api', async () => {
    answers = [{ status: 503 }, { status: 0 }, { status: 429 }, { status: 204 }];
    expect(await stopApplication(integrations, given(webhook()))).toMatchObject({ status: 204, tries: 4 });
    await stopApplication(integrations, given(webhook()));
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await startApplication(integrations, given(webhook()));
    expect(received.at(-1)?.headers['webhook-id']).not.toBe(received[0]?.headers['webhook-id']);
  });

  test('that is refused, redirected or never accepted is a failure that says what is known', async () => {
    for (const status of [301, 400, 401, 410]) {
      answers = [{ status, headers: { location: `${url}/elsewhere` } }];
      received = [];
      await expect(stopApplication(integrations, given(webhook()))).rejects.toThrow(`: ${status});`);
      expect(received).toHaveLength(1);
    }
    answers = [{ status: 500, body: 'canary' }];
    const failed = stopApplication(integrations, given(webhook()));
    await expect(failed).rejects.toThrow(
      /did not say 2xx within 1 s .*: 500, in \d+ tries\); whether billing runs is not known/,
    );
    await expect(failed).rejects.toMatchObject({ problem: { facts: { application: 'billing', state: 'unknown' } } });
  });

  test('without a usable secret is refused before anything is sent', async () => {
    for (const secret of ['wrong', 'nothing']) {
      const failed = stopApplication(integrations, given(webhook({ secret })));
      await expect(failed).rejects.toMatchObject({ problem: { type: 'urn:barback:problem:secret-unusable' } });
      await expect(failed).rejects.not.toThrow(/canary/);
    }
    expect(received).toEqual([]);
  });

  test('ends at once when the run is stopped', async () => {
    answers = [{ status: 500 }];
    const stop = new AbortController();
    const asked = stopApplication(integrations, { ...given(webhook({ deadlineSeconds: 60 })), signal: stop.signal });
    stop.abort();
    await expect(asked).rejects.toThrow(/abort/i);
  });
});

describe('a check over HTTP', () => {
  const check = { kind: 'http', name: 'health', method: 'GET', expectStatus: 200, deadlineSeconds: 1 } as const;
  const run = (more: object = {}) =>
    runHttpSmoke(integrations, { ...check, url: `${url}/health?deep=1`, ...more }, never);

  test('waits until the application is ready', async () => {
    answers = [{ status: 0 }, { status: 503 }, { status: 200 }];
    expect(await run()).toEqual({ name: 'health', ok: true, detail: 'status 200', attempts: 3 });
    expect(received[0]?.path).toBe('/health?deep=1');
  });

  test('compares what the answer says', async () => {
    answers = [
      { status: 200, body: '{"status":"DOWN"}' },
      { status: 200, body: '{"status":"UP","db":{"rows":3}}' },
    ];
    const up = { jsonPath: '$.status', equals: 'UP' };
    expect(await run(up)).toMatchObject({ ok: true, attempts: 2, detail: 'status 200, $.status is "UP"' });
    expect(await run({ jsonPath: '$.db.rows', equals: 4 })).toMatchObject({
      ok: false,
      detail: '$.db.rows is 3, not 4',
    });
    expect(await run({ jsonPath: '$.none' })).toMatchObject({ ok: false, detail: 'there is no $.none in the answer' });
    expect(await run({ jsonPath: '$.db' })).toMatchObject({ ok: true });
    answers = [{ status: 200, body: '<html>' }];
    expect(await run(up)).toMatchObject({ ok: false, detail: 'the answer is no JSON' });
  });

  test('does not follow redirects, which may be what is expected', async () => {
    answers = [{ status: 302, headers: { location: '/login' } }];
    expect(await run()).toMatchObject({ ok: false, detail: 'status 302, not 200' });
    expect(await run({ expectStatus: 302 })).toMatchObject({ ok: true });
  });

  test('fails at the deadline with the last answer', async () => {
    answers = [{ status: 500 }];
    const { ok, detail, attempts } = await run();
    expect([ok, detail]).toEqual([false, 'status 500, not 200']);
    expect(attempts).toBeGreaterThan(2);
    expect(await run({ url: 'http://127.0.0.1:9/' })).toMatchObject({ ok: false, detail: 'no answer: ECONNREFUSED' });
  });
});
