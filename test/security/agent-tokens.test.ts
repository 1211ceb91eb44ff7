import { createHmac } from 'node:crypto';
import { CompactSign, importJWK } from 'jose';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { signJws } from '@barback/shared/wire/jws.ts';
import { importSigningKey, newPrivateJwk, publicPart, thumbprint } from '@barback/shared/wire/keys.ts';
import { receiptType } from '@barback/shared/wire/receipt.ts';
import { tokenType, unknownEpoch } from '@barback/shared/wire/token.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentClient } from '../support/agent-client.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { auditedAndWithoutEffect } from '../support/refusals.ts';

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
    const entry = await auditedAndWithoutEffect(agent, async () => {
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
    const entry = await auditedAndWithoutEffect(agent, async () => {
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
      await auditedAndWithoutEffect(agent, async () => {
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
    await auditedAndWithoutEffect(agent, async () => {
      expect((await client.send(token)).answer.kind).toBe('problem');
    });
  });
});
