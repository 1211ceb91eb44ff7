import { operations } from '@barback/shared/operations/index.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { problemTypeOf } from '@barback/shared/wire/problem.ts';
import type { TokenClaims } from '@barback/shared/wire/token.ts';
import { describe, expect, test } from 'vitest';
import { admitRequest, admitToken, type TokenFacts } from './admit.ts';

const now = 1_800_000_000;
const facts: TokenFacts = {
  agentId: 'agent-1',
  issuers: new Map([
    ['kid-1', 'api-1'],
    ['kid-2', 'api-2'],
  ]),
  epoch: 'E'.repeat(22),
  now,
};
const claims: TokenClaims = {
  iss: 'api-1',
  aud: 'agent-1',
  sub: 'key-1',
  iat: now,
  exp: now + 60,
  jti: 'J'.repeat(22),
  epoch: 'E'.repeat(22),
  op: 'host-facts',
  opid: newId(1),
  params: { server: 'main' },
  plan: null,
  step: null,
  attempt: null,
  fence: null,
};
const known = { contracts: new Map(Object.entries(operations)), servers: new Set(['main']) };

function verdict(kid: string, payload: unknown, at = now): string {
  const admitted = admitToken(kid, payload, { ...facts, now: at });
  return admitted.ok ? 'admitted' : (problemTypeOf(admitted.problem) ?? admitted.problem.type);
}

describe('a token', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['as it should be', {}, 'admitted'],
    ['of a known api signed by another known key', { iss: 'api-2' }, 'invalid-token'],
    ['for another agent', { aud: 'agent-2' }, 'invalid-token'],
    ['that lives 61 s', { exp: now + 61 }, 'validation-failed'],
    ['that ends before it begins', { exp: now - 1 }, 'validation-failed'],
    ['of another epoch', { epoch: 'F'.repeat(22) }, 'epoch-mismatch'],
    ['with a fraction as time', { iat: now + 0.5 }, 'validation-failed'],
    ['with an unknown claim', { role: 'root' }, 'validation-failed'],
    ['with an id that is too short', { jti: 'J'.repeat(21) }, 'validation-failed'],
    ['with an operation in capitals', { op: 'Host-Facts' }, 'validation-failed'],
    ['with a fence below zero', { fence: -1 }, 'validation-failed'],
  ])('%s', (_name, change, expected) => {
    expect(verdict('kid-1', { ...claims, ...change })).toBe(expected);
  });

  test.each([null, 'text', 7, [], {}])('that is %j is refused', (payload) => {
    expect(verdict('kid-1', payload)).toBe('validation-failed');
  });

  test('is accepted from 5 s before it begins until 5 s after it ends', () => {
    expect([-6, -5, 0, 65, 66].map((offset) => verdict('kid-1', claims, now + offset))).toEqual([
      'clock-skew',
      'admitted',
      'admitted',
      'admitted',
      'clock-skew',
    ]);
  });

  test('outside that is told the time of the agent in microseconds', () => {
    const admitted = admitToken('kid-1', claims, { ...facts, now: now + 100.25 });
    expect(admitted).toMatchObject({ ok: false, problem: { facts: { time: (now + 100.25) * 1_000_000 } } });
  });

  test('with a key that zod would drop silently is refused with its place', () => {
    const payload: unknown = JSON.parse(JSON.stringify(claims).replace('{"server"', '{"__proto__":{"x":1},"server"'));
    expect(admitToken('kid-1', payload, facts)).toMatchObject({
      ok: false,
      problem: { facts: { errors: [{ pointer: '/params/__proto__' }] } },
    });
  });
});

describe('a request', () => {
  const ask = (op: string, params: TokenClaims['params']) => {
    const admitted = admitRequest({ op, params }, known);
    return admitted.ok ? admitted.value.kind : problemTypeOf(admitted.problem);
  };
  const opid = newId(1);

  test.each<[string, TokenClaims['params'], string]>([
    ['host-facts', { server: 'main' }, 'read'],
    ['backup-lease', { server: 'main', backupId: '20261122T120000' }, 'job'],
    ['server-claim', { server: 'main', plan: opid, expect: 0 }, 'control'],
    ['job-status', { opid, waitMs: 0, progressAt: null }, 'control'],
    ['server-claim', { server: 'elsewhere', plan: opid, expect: 0 }, 'unknown-server'],
    ['host-facts', { server: 'elsewhere' }, 'unknown-server'],
    ['host-facts', { server: 'main', path: '/etc' }, 'validation-failed'],
    ['host-facts', null, 'validation-failed'],
    ['job-status', { opid: '../x', waitMs: 0, progressAt: null }, 'validation-failed'],
    ['job-status', { opid, waitMs: 60_000, progressAt: null }, 'validation-failed'],
    ['backup-lease', { server: 'main', backupId: '20261122T120000; id' }, 'validation-failed'],
    ['to-string', {}, 'unknown-operation'],
    ['constructor', {}, 'unknown-operation'],
    ['sh', { server: 'main' }, 'unknown-operation'],
  ])('%s %j is %s', (op, params, expected) => {
    expect(ask(op, params)).toBe(expected);
  });

  test('every operation of the whitelist is known, and refuses a param it does not have', () => {
    for (const op of known.contracts.keys()) expect(ask(op, { server: 'main', unknown: 1 })).toBe('validation-failed');
  });
});
