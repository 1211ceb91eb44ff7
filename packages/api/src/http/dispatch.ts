import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Principal } from '../keys/principal.ts';
import { may, rolesWith } from '../keys/role.ts';
import {
  isBytes,
  type BytesAnswer,
  type Route,
  type RouteDeps,
  type RouteRequest,
  type ViewAnswer,
} from '../routes/route.ts';
import { repeatHash, type RepeatableRequest } from './idempotency.ts';
import { negotiate, withoutTextEnding, type Representation } from './negotiate.ts';
import { readBody } from './read-body.ts';
import { validate } from './validate.ts';

export type Repeat = (
  request: RepeatableRequest,
  perform: () => Promise<ViewAnswer<unknown>>,
) => Promise<ViewAnswer<unknown>>;

export interface Incoming {
  readonly request: Request;
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly principal: Principal;
}

/** From an authenticated request to its answer, in one order for every route: role, representation, path, query, body, work. */
export async function dispatch(route: Route, incoming: Incoming, deps: RouteDeps, repeat: Repeat): Promise<Response> {
  const { request, principal } = incoming;
  checkRole(route, principal);
  const url = new URL(request.url);
  const as = representationOf(route, url.pathname, request.headers.get('accept') ?? undefined);
  const [params, query] = [
    validate(route.params, incoming.params, 'path'),
    validate(route.query, queryOf(url), 'query'),
  ];
  const body = await bodyOf(route, request);
  const about = repeatableOf(route, incoming, { url, body, at: deps.clock.now() });
  const parsed: RouteRequest<unknown, unknown, unknown> = {
    params,
    query,
    body,
    principal,
    actor: { kind: 'key', id: principal.id },
    ifMatch: request.headers.get('if-match') ?? undefined,
    repeatHash: about === null ? null : repeatHash(about),
  };
  const perform = async (): Promise<ViewAnswer<unknown> | BytesAnswer> =>
    (await route.handle(parsed as never, deps)) as ViewAnswer<unknown> | BytesAnswer;
  if (about === null) return respond(route, await perform(), as, deps.clock.now());
  const answer = await repeat(about, async () => {
    const made = await perform();
    if (isBytes(made)) throw new Error(`cannot repeat ${route.operationId}: it answers bytes`);
    return made;
  });
  return respond(route, answer, as, deps.clock.now());
}

function repeatableOf(
  { method }: Route,
  { request, principal }: Incoming,
  { url, body, at }: { url: URL; body: unknown; at: number },
): RepeatableRequest | null {
  const key = request.headers.get('idempotency-key');
  if (method === 'get' || key === null) return null;
  return { key, principal: principal.id, method, path: withoutTextEnding(url.pathname), body, at };
}

function checkRole(route: Route, principal: Principal): void {
  if (may(principal.role, route.needs)) return;
  throw new ProblemError('forbidden', `A key of role ${principal.role} cannot do this`, {
    next: `Use a key of role ${rolesWith(route.needs).join(' or ')}`,
  });
}

/** Bytes have one representation; everything else is JSON or text. */
function representationOf(route: Route, path: string, accept: string | undefined): Representation {
  if (route.text === null) return 'json';
  const as = negotiate(path, accept);
  if (as === null) {
    throw new ProblemError('not-acceptable', 'This resource is written as application/json or text/plain', {
      next: 'Send Accept: application/json or Accept: text/plain, or end the path with .txt',
    });
  }
  return as;
}

/** Each name once: parsers disagree about which of two values counts. */
function queryOf(url: URL): Record<string, string> {
  const query = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (query.has(name)) {
      throw new ProblemError('validation-failed', 'The query names a parameter twice', { next: 'Send it once' });
    }
    query.set(name, value);
  }
  return Object.fromEntries(query);
}

async function bodyOf(route: Route, request: Request): Promise<unknown> {
  if (route.method === 'get') return undefined;
  const value = await readBody(request);
  if (route.body !== null) return validate(route.body, value ?? {}, 'body');
  if (value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)) {
    return undefined;
  }
  throw new ProblemError('validation-failed', 'This request takes no body', { next: 'Send it without one' });
}

function respond(route: Route, answer: ViewAnswer<unknown> | BytesAnswer, as: Representation, now: number): Response {
  const headers = new Headers(answer.headers);
  if (isBytes(answer)) {
    headers.set('content-type', answer.contentType);
    return new Response(bodyInit(answer.bytes), { status: answer.status, headers });
  }
  headers.set('vary', 'accept');
  if (as === 'text' && route.text !== null) {
    headers.set('content-type', 'text/plain; charset=utf-8');
    return new Response(route.text(answer.view as never, now), { status: answer.status, headers });
  }
  headers.set('content-type', 'application/json');
  return new Response(JSON.stringify(answer.view), { status: answer.status, headers });
}

function bodyInit(bytes: BytesAnswer['bytes']): string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  if (typeof bytes === 'string') return bytes;
  if (bytes instanceof Uint8Array) return new Uint8Array(bytes);
  return ReadableStream.from<Uint8Array>(encoded(bytes));
}

/** Pulled by the reader: a slow one makes the export wait, not memory grow. */
function* encoded(lines: Iterable<string>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let batch = '';
  for (const line of lines) {
    batch += line;
    if (batch.length < 65_536) continue;
    yield encoder.encode(batch);
    batch = '';
  }
  if (batch !== '') yield encoder.encode(batch);
}
