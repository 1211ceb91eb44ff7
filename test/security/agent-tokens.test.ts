import { createHmac } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:tls';
import path from 'node:path';
import { CompactSign, importJWK } from 'jose';
import { newId } from '@barback/shared/wire/identifiers.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { signJws } from '@barback/shared/wire/jws.ts';
import { importSigningKey, newPrivateJwk, publicPart, thumbprint } from '@barback/shared/wire/keys.ts';
import { receiptType } from '@barback/shared/wire/receipt.ts';
import { tokenBytesMax, tokenType, unknownEpoch } from '@barback/shared/wire/token.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentClient } from '../support/agent-client.ts';
import { AgentProcess } from '../support/agent-process.ts';

let agent: AgentProcess;
let client: AgentClient;
const plan = newId(Date.now());

beforeAll(async () => {
  agent = await AgentProcess.create();
  client = new AgentClient(agent);
  await client.call('server-claim', { server: 'main', plan, expect: 0 });
});
afterAll(async () => {
  client.close();
  await agent.stop();
});

/** Every path below the state directory with what would change if anything did; the record of refusals is left out. */
async function stateListing(): Promise<string[]> {
  const names = await readdir(agent.stateDirectory, { recursive: true });
  const kept = names.filter((name) => !name.startsWith('refusals.jsonl') && !name.startsWith('compile-cache'));
  return Promise.all(
    kept.toSorted().map(async (name) => {
      const file = path.join(agent.stateDirectory, name);
      const { ino, mtimeMs, size } = await lstat(file);
      // The directory's own time changes with the record of refusals.
      return name === '' ? '' : `${name} ${ino} ${size} ${mtimeMs}`;
    }),
  );
}

async function refusalLines(): Promise<Record<string, unknown>[]> {
  const text = await readFile(path.join(agent.stateDirectory, 'refusals.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Runs what must be refused: nothing may change but one more line in the record of refusals, which is returned. */
async function auditedAndWithoutEffect(attempt: () => Promise<void>): Promise<Record<string, unknown>> {
  const [state, lines] = [await stateListing(), await refusalLines()];
  await attempt();
  const deadline = Date.now() + 5_000;
  let after = await refusalLines();
  while (after.length === lines.length && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    after = await refusalLines();
  }
  expect(after.length).toBe(lines.length + 1);
  expect(await stateListing()).toEqual(state);
  return after.at(-1) ?? {};
}

const jobParams = { server: 'main' };
const validClaims = () => client.claims('test-noop', jobParams, { plan, fence: 1, step: 'x', attempt: 1 });
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

async function signedWithHeader(header: Record<string, unknown>, claims: unknown = validClaims()): Promise<string> {
  const key = await importJWK({ ...agent.apiKey }, 'Ed25519');
  const signer = new CompactSign(new TextEncoder().encode(JSON.stringify(claims)));
  return signer.setProtectedHeader(header as { alg: string }).sign(key, { crit: { 'x-unknown': true } });
}

const kid = () => thumbprint(publicPart(agent.apiKey));

describe('a request that no known key has signed gets one generic answer', () => {
  const forgeries: Record<string, () => Promise<string>> = {
    'no token': async () => '',
    'not a token': async () => 'hello',
    'another key under our kid': async () => {
      const foreign = await importSigningKey(await newPrivateJwk());
      return signJws(validClaims(), tokenType, { ...foreign, kid: await kid() });
    },
    'another key under its own kid': async () =>
      signJws(validClaims(), tokenType, await importSigningKey(await newPrivateJwk())),
    'alg none': async () => `${encode({ alg: 'none', typ: tokenType, kid: await kid() })}.${encode(validClaims())}.`,
    'alg none with a signature that looks right': async () =>
      `${encode({ alg: 'none', typ: tokenType, kid: await kid() })}.${encode(validClaims())}.${'A'.repeat(86)}`,
    'HS256 with the public key as secret': async () => {
      const body = `${encode({ alg: 'HS256', typ: tokenType, kid: await kid() })}.${encode(validClaims())}`;
      return `${body}.${createHmac('sha256', Buffer.from(agent.apiKey.x, 'base64url')).update(body).digest('base64url')}`;
    },
    'the polymorphic name EdDSA': async () => signedWithHeader({ alg: 'EdDSA', typ: tokenType, kid: await kid() }),
    'an embedded key': async () =>
      signedWithHeader({ alg: 'Ed25519', typ: tokenType, kid: await kid(), jwk: publicPart(agent.apiKey) }),
    'a key address': async () =>
      signedWithHeader({ alg: 'Ed25519', typ: tokenType, kid: await kid(), jku: 'https://127.0.0.1:1/keys' }),
    'a critical extension': async () =>
      signedWithHeader({ alg: 'Ed25519', typ: tokenType, kid: await kid(), crit: ['x-unknown'], 'x-unknown': 1 }),
    'no kid': async () => signedWithHeader({ alg: 'Ed25519', typ: tokenType }),
    'a kid that is a path': async () => signedWithHeader({ alg: 'Ed25519', typ: tokenType, kid: '../../etc/passwd' }),
    'a kid of the prototype': async () => signedWithHeader({ alg: 'Ed25519', typ: tokenType, kid: '__proto__' }),
    'the type of a receipt': async () => signJws(validClaims(), receiptType, await importSigningKey(agent.apiKey)),
    'white space in the payload': async () => {
      const [header = '', payload = '', signature = ''] = (await client.token(validClaims())).split('.');
      return `${header}.${payload.slice(0, 8)} ${payload.slice(8)}.${signature}`;
    },
    'a line end in the payload': async () => (await client.token(validClaims())).replace('.', '.\n'),
    'padding after the signature': async () => `${await client.token(validClaims())}==`,
    'the other base64 alphabet': async () => `${(await client.token(validClaims())).slice(0, -2)}+/`,
    'an altered payload': async () => {
      const [header = '', , signature = ''] = (await client.token(validClaims())).split('.');
      return `${header}.${encode({ ...validClaims(), op: 'test-destroy' })}.${signature}`;
    },
    'an altered signature': async () => {
      const token = await client.token(validClaims());
      const at = token.length - 40;
      return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
    },
    'JSON serialisation': async () => {
      const [header = '', payload = '', signature = ''] = (await client.token(validClaims())).split('.');
      return JSON.stringify({ protected: header, payload, signature });
    },
  };

  test.each(Object.entries(forgeries))('%s', async (_name, forge) => {
    const token = await forge();
    const entry = await auditedAndWithoutEffect(async () => {
      const answer = await client.post(token);
      expect(answer).toEqual({
        status: 401,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          type: 'urn:barback:problem:invalid-token',
          title: 'The request is not authenticated',
          status: 401,
          detail: 'The request is not signed by a key that this agent knows.',
        }),
      });
    });
    expect(entry).toMatchObject({ refused: 'invalid-token', authentic: false });
  });
});

describe('an authentic token is refused precisely, in a signed receipt', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const with_ = (more: Record<string, unknown>) => () => ({ ...validClaims(), ...more });
  const refused: Record<string, [() => unknown, string]> = {
    'for another agent': [with_({ aud: 'agent-2' }), 'invalid-token'],
    'for several agents': [with_({ aud: ['agent-1'] }), 'validation-failed'],
    'by another issuer': [with_({ iss: 'api-2' }), 'invalid-token'],
    expired: [() => ({ ...validClaims(), iat: now() - 100, exp: now() - 50 }), 'clock-skew'],
    'of the future': [() => ({ ...validClaims(), iat: now() + 600, exp: now() + 630 }), 'clock-skew'],
    'that lives too long': [() => ({ ...validClaims(), iat: now(), exp: now() + 86_400 }), 'validation-failed'],
    'with a text as expiry': [with_({ exp: '9999999999' }), 'validation-failed'],
    'with an unknown claim': [with_({ admin: true }), 'validation-failed'],
    'without its id': [with_({ jti: undefined }), 'validation-failed'],
    'of another start of the agent': [with_({ epoch: unknownEpoch }), 'epoch-mismatch'],
    'for an unknown operation': [with_({ op: 'shell' }), 'unknown-operation'],
    'for an operation of the prototype': [with_({ op: 'constructor' }), 'unknown-operation'],
    'for an operation of the whitelist of another agent': [with_({ op: 'scratch-discard' }), 'unknown-operation'],
    'with unknown params': [with_({ params: { server: 'main', command: 'id' } }), 'validation-failed'],
    'with params that are no object': [with_({ params: ['main'] }), 'validation-failed'],
    'for an unknown server': [with_({ params: { server: 'elsewhere' } }), 'unknown-server'],
    'for a server of the prototype': [with_({ params: { server: 'constructor' } }), 'unknown-server'],
    'with an old fence': [with_({ fence: 0 }), 'fence-stale'],
    'with a fence that was never issued': [with_({ fence: 2 }), 'fence-stale'],
    'without a fence': [with_({ fence: null }), 'fence-stale'],
    'of another plan': [with_({ plan: newId(1) }), 'fence-stale'],
    'with an opid that is a path': [with_({ opid: '../../etc/cron.d/x' }), 'validation-failed'],
    'for a job that was never accepted': [
      () => client.claims('job-status', { opid: newId(5), waitMs: 0, progressAt: null }),
      'no-such-job',
    ],
  };

  test.each(Object.entries(refused))('%s', async (_name, [claims, slug]) => {
    const epoch = client.epoch;
    const entry = await auditedAndWithoutEffect(async () => {
      const receipt = await client.send(await client.token(claims()));
      expect(receipt.answer).toMatchObject({ kind: 'problem', problem: { type: `urn:barback:problem:${slug}` } });
      expect(receipt.epoch).toBe(epoch);
    });
    expect(entry).toMatchObject({ refused: slug, authentic: true, issuer: 'api-1' });
  });

  test('with keys of the prototype, which change nothing', async () => {
    const text = JSON.stringify(validClaims());
    for (const planted of [
      text.replace('"params":{', '"params":{"__proto__":{"admin":true},'),
      text.replace('{"iss"', '{"__proto__":{"admin":true},"iss"'),
    ]) {
      expect(planted).not.toBe(text);
      await auditedAndWithoutEffect(async () => {
        const signer = new CompactSign(new TextEncoder().encode(planted));
        const key = await importJWK({ ...agent.apiKey }, 'Ed25519');
        const token = await signer.setProtectedHeader({ alg: 'Ed25519', typ: tokenType, kid: await kid() }).sign(key);
        const { answer } = await client.send(token);
        expect(answer).toMatchObject({ kind: 'problem', problem: { type: 'urn:barback:problem:validation-failed' } });
      });
    }
  });

  test('with the place of each fault in the params', async () => {
    const problem = await client.problem('test-echo', { server: 'main', text: 7, extra: 1 });
    const errors = problem.facts?.['errors'] as { pointer: string }[];
    expect(errors.map((one) => one.pointer)).toEqual(['/text', '']);
  });

  test('outside the clock window, with the time of the agent', async () => {
    const before = Date.now() * 1000;
    const { answer } = await client.send(await client.token({ ...validClaims(), iat: 1000, exp: 1030 }));
    const time = answer.kind === 'problem' ? (answer.problem.facts?.['time'] as number) : 0;
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now() * 1000);
  });

  test('a replayed token, of many at once all but one', async () => {
    const token = await client.token(client.claims('test-echo', { server: 'main', text: 'once' }));
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.send(token)));
    const kinds = answers.map(({ answer }) => (answer.kind === 'problem' ? answer.problem.type : answer.kind));
    expect(kinds.toSorted()).toEqual([
      'result',
      ...Array.from({ length: 19 }, () => 'urn:barback:problem:token-replayed'),
    ]);
    await auditedAndWithoutEffect(async () => {
      expect((await client.send(token)).answer.kind).toBe('problem');
    });
  });
});

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
    const entry = await auditedAndWithoutEffect(async () => {
      expect((await client.post(token, more)).status).toBe(status);
    });
    expect(entry).toMatchObject({ authentic: false, note });
  });

  test('a body that is too large', async () => {
    const entry = await auditedAndWithoutEffect(async () => {
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
  const before = (await refusalLines()).length;
  const flood = Array.from({ length: 10 }, async () => {
    for (let count = 0; count < 40; count += 1) await client.post('forged');
  });
  const legitimate: Promise<Json>[] = [];
  for (let count = 0; count < 10; count += 1) {
    legitimate.push(client.result('test-echo', { server: 'main', text: String(count) }));
  }
  expect(await Promise.all(legitimate)).toHaveLength(10);
  await Promise.all(flood);
  expect((await refusalLines()).length - before).toBeLessThan(250);
  // Credit comes back, and with it the count of what was left out.
  const deadline = Date.now() + 10_000;
  let counted: unknown;
  while (counted === undefined && Date.now() < deadline) {
    await client.post('forged');
    counted = (await refusalLines()).find((line) => 'suppressedBefore' in line)?.['suppressedBefore'];
  }
  expect(counted).toBeGreaterThan(0);
});
