import { patient } from '../lab/patience.ts';
import { connect } from 'node:tls';
import type { Json } from '@barback/shared/wire/json.ts';
import { tokenBytesMax } from '@barback/shared/wire/token.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentClient } from '../support/agent-client.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { auditedAndWithoutEffect, refusalLines } from '../support/refusals.ts';

let agent: AgentProcess;
let client: AgentClient;

beforeAll(async () => {
  agent = await AgentProcess.create();
  client = new AgentClient(agent);
});
afterAll(async () => {
  client.close();
  await agent.stop();
});

const validClaims = () => client.claims('test-echo', { server: 'main', text: 'x' });

describe('the gateway turns away, and has recorded, what is no operation', () => {
  const turnedAway: Record<
    string,
    [number, string, { path?: string; method?: string; headers?: Record<string, string> }]
  > = {
    'another path': [404, 'path', { path: '/' }],
    'a path with a query': [404, 'path', { path: '/v1/op?x=1' }],
    'a path with dots': [404, 'path', { path: '/v1/%2e%2e/op' }],
    'another method': [405, 'method', { method: 'PUT' }],
    'another media type': [415, 'media-type', { headers: { 'content-type': 'application/json' } }],
    'a coded body': [415, 'media-type', { headers: { 'content-encoding': 'gzip' } }],
  };
  test.each(Object.entries(turnedAway))('%s', async (_name, [status, note, more]) => {
    const token = await client.token(validClaims());
    const entry = await auditedAndWithoutEffect(agent, async () => {
      expect((await client.post(token, more)).status).toBe(status);
    });
    expect(entry).toMatchObject({ authentic: false, note });
  });

  test('a body that is too large', async () => {
    const entry = await auditedAndWithoutEffect(agent, async () => {
      // The agent may close the connection while the rest is still being sent.
      const status = await client.post('A'.repeat(tokenBytesMax + 1)).then(
        (answer) => answer.status,
        (error: NodeJS.ErrnoException) => error.code,
      );
      expect([413, 'ECONNRESET', 'EPIPE']).toContain(status);
    });
    expect(entry).toMatchObject({ note: 'too-large' });
  });

  test('a client that sends its request for ever is cut off, and others are answered meanwhile', async () => {
    const { hostname, port } = new URL(agent.url);
    const started = Date.now();
    const slow = connect({ host: hostname, port: Number(port), ca: agent.certificate });
    const closed = new Promise((resolve) => slow.once('close', resolve));
    slow.on('error', () => undefined);
    slow.write('POST /v1/op HTTP/1.1\r\nhost: x\r\ncontent-type: application/jose\r\ncontent-length: 100\r\n\r\n');
    const drip = setInterval(() => slow.write('A'), 500);
    expect(await client.result('test-echo', { server: 'main', text: 'still here' })).toEqual({ text: 'still here' });
    slow.resume();
    await closed;
    clearInterval(drip);
    expect(Date.now() - started).toBeLessThan(20_000);
  });

  test('TLS older than 1.3', async () => {
    const { hostname, port } = new URL(agent.url);
    const old = connect({ host: hostname, port: Number(port), ca: agent.certificate, maxVersion: 'TLSv1.2' });
    const outcome = await new Promise((resolve) => {
      old.once('secureConnect', () => resolve('connected'));
      old.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    old.destroy();
    expect(outcome).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });
});

test('an executor that is not there is told as such, and found again when it is back', async () => {
  await agent.kill('executor');
  const token = await client.token(validClaims());
  expect(await client.post(token)).toMatchObject({ status: 503, contentType: 'application/problem+json' });
  await agent.startExecutor();
  // The token was made for the executor that is gone.
  expect((await client.send(token)).answer).toMatchObject({ problem: { type: 'urn:barback:problem:epoch-mismatch' } });
  expect(await client.result('test-echo', { server: 'main', text: 'back' })).toEqual({ text: 'back' });
});

test('a flood of forged tokens is counted, not written line by line, and does not stop an authentic request', async () => {
  const before = (await refusalLines(agent)).length;
  const flood = Array.from({ length: 10 }, async () => {
    for (let count = 0; count < 40; count += 1) await client.post('forged');
  });
  const legitimate: Promise<Json>[] = [];
  for (let count = 0; count < 10; count += 1) {
    legitimate.push(client.result('test-echo', { server: 'main', text: String(count) }));
  }
  expect(await Promise.all(legitimate)).toHaveLength(10);
  await Promise.all(flood);
  expect((await refusalLines(agent)).length - before).toBeLessThan(250);
  const deadline = Date.now() + patient(20_000);
  let counted: unknown;
  while (counted === undefined && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    counted = (await refusalLines(agent)).find((line) => 'suppressed' in line)?.['suppressed'];
  }
  expect(counted).toBeGreaterThan(0);
});
