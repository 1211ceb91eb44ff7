import { controls, isControlName, type ControlName } from '@barback/shared/operations/controls.ts';
import type { Contract, OperationClass } from '@barback/shared/operations/contract.ts';
import { problem, type Problem } from '@barback/shared/wire/problem.ts';
import { tokenClaimsSchema, tokenLifetimeMaxSeconds, type TokenClaims } from '@barback/shared/wire/token.ts';
import type { z } from 'zod';

/** Seconds by which clocks may differ before the api must sign again. */
export const clockToleranceSeconds = 5;

export interface TokenFacts {
  readonly agentId: string;
  /** The api's id by the `kid` of its pinned key. */
  readonly issuers: ReadonlyMap<string, string>;
  readonly epoch: string;
  /** Seconds since 1970, with decimals. */
  readonly now: number;
}

export interface RequestFacts {
  readonly contracts: ReadonlyMap<string, Pick<Contract<OperationClass, z.ZodType, z.ZodType>, 'class' | 'params'>>;
  readonly servers: ReadonlySet<string>;
}

export type Admitted<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

export type AdmittedRequest =
  | { readonly kind: 'control'; readonly name: ControlName; readonly params: unknown }
  | { readonly kind: 'read' | 'job'; readonly name: string; readonly serverName: string; readonly params: unknown };

/** Whether an authentic payload is a token for this agent, now; single use is the caller's next check. */
export function admitToken(kid: string, payload: unknown, facts: TokenFacts): Admitted<TokenClaims> {
  const unsafe = prototypeKey(payload);
  if (unsafe !== undefined) return refused(hidden(unsafe));
  const parsed = tokenClaimsSchema.safeParse(payload);
  if (!parsed.success) return refused(invalid('claims', parsed.error));
  const claims = parsed.data;
  if (claims.iss !== facts.issuers.get(kid)) {
    return refused(problem('invalid-token', `cannot accept the issuer ${claims.iss}: the signing key is not its key`));
  }
  if (claims.aud !== facts.agentId) {
    return refused(problem('invalid-token', `cannot accept a token for ${claims.aud}: this agent is ${facts.agentId}`));
  }
  return admitTime(claims, facts);
}

/** Where a JSON value has a key named __proto__: zod 4.6.7 drops it silently, so what was signed would not be what runs. */
function prototypeKey(value: unknown, path: readonly string[] = []): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, '__proto__')) return [...path, '__proto__'];
  for (const [key, child] of Object.entries(value)) {
    const found = prototypeKey(child, [...path, key]);
    if (found) return found;
  }
  return undefined;
}

function admitTime(claims: TokenClaims, facts: TokenFacts): Admitted<TokenClaims> {
  const lifetime = claims.exp - claims.iat;
  if (lifetime <= 0 || lifetime > tokenLifetimeMaxSeconds) {
    const detail = `cannot accept a token that lives ${lifetime} s: it may live 1 to ${tokenLifetimeMaxSeconds} s`;
    return refused(problem('validation-failed', detail, { facts: { errors: [{ pointer: '/exp', detail }] } }));
  }
  if (facts.now < claims.iat - clockToleranceSeconds || facts.now > claims.exp + clockToleranceSeconds) {
    return refused(
      problem(
        'clock-skew',
        `cannot accept a token of ${claims.iat} to ${claims.exp}: it is ${Math.round(facts.now)} here`,
        {
          next: 'sign again with the clock of this agent, and repair the time synchronisation of both hosts',
          facts: { time: Math.round(facts.now * 1_000_000) },
        },
      ),
    );
  }
  if (claims.epoch !== facts.epoch) {
    return refused(
      problem('epoch-mismatch', 'cannot accept the token: it was made for another start of this agent', {
        next: 'sign again with the epoch of this receipt',
      }),
    );
  }
  return { ok: true, value: claims };
}

/** Whether the request is on the whitelist, fits its schema, and names a server that this agent has. */
export function admitRequest(
  claims: Pick<TokenClaims, 'op' | 'params'>,
  facts: RequestFacts,
): Admitted<AdmittedRequest> {
  if (isControlName(claims.op)) {
    const parsed = controls[claims.op].params.safeParse(claims.params);
    if (!parsed.success) return refused(invalid('params', parsed.error));
    if ('server' in parsed.data && !facts.servers.has(parsed.data.server)) return refused(noServer(parsed.data.server));
    return { ok: true, value: { kind: 'control', name: claims.op, params: parsed.data } };
  }
  const contract = facts.contracts.get(claims.op);
  if (!contract) {
    return refused(
      problem('unknown-operation', `cannot carry out ${claims.op}: this agent does not know the operation`, {
        next: 'compare the versions of api and agent',
      }),
    );
  }
  const parsed = contract.params.safeParse(claims.params);
  if (!parsed.success) return refused(invalid('params', parsed.error));
  const serverName = serverOf(parsed.data);
  if (serverName === undefined || !facts.servers.has(serverName)) return refused(noServer(serverName ?? '(none)'));
  const kind = contract.class === 'R' ? 'read' : 'job';
  return { ok: true, value: { kind, name: claims.op, serverName, params: parsed.data } };
}

function serverOf(params: unknown): string | undefined {
  if (typeof params !== 'object' || params === null || !('server' in params)) return undefined;
  return typeof params.server === 'string' ? params.server : undefined;
}

function noServer(name: string): Problem {
  return problem('unknown-server', `cannot work on the server ${name}: the agent's configuration does not name it`, {
    next: "add it under servers: in the agent's configuration and restart the executor",
  });
}

function hidden(path: readonly string[]): Problem {
  const [pointer, detail] = [pointerOf(path), 'Unrecognized key: "__proto__"'];
  return problem('validation-failed', `cannot read the claims: ${pointer} ${detail}`, {
    facts: { errors: [{ pointer, detail }] },
  });
}

function invalid(part: 'claims' | 'params', error: z.ZodError): Problem {
  const errors = error.issues.map((issue) => ({ pointer: pointerOf(issue.path), detail: issue.message }));
  const listed = errors.map((one) => `${one.pointer || '/'} ${one.detail}`).join('; ');
  return problem('validation-failed', `cannot read the ${part}: ${listed}`, { facts: { errors } });
}

/** RFC 6901. */
function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function refused(found: Problem): { ok: false; problem: Problem } {
  return { ok: false, problem: found };
}
