import type { Micros } from '@barback/shared/postgres/instant.ts';
import { sha256Hex } from '@barback/shared/wire/jws.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { and, eq, lt } from 'drizzle-orm';
import type { Database } from '../db/database.ts';
import { idempotency } from '../db/schema.ts';
import { write } from '../db/write.ts';
import type { ViewAnswer } from '../routes/route.ts';

/** How long a request may be repeated. */
export const keptMicros = 24 * 3600 * 1_000_000;

export interface RepeatableRequest {
  /** `Idempotency-Key` as sent. */
  readonly key: string;
  readonly principal: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly at: Micros;
}

/** Answers a repeated request with the first one's answer, for 24 hours; each principal has keys of its own. */
export function repeatable(
  database: Database,
): (request: RepeatableRequest, perform: () => Promise<ViewAnswer<unknown>>) => Promise<ViewAnswer<unknown>> {
  const underWay = new Map<string, Promise<unknown>>();
  return async (request, perform) => {
    checkKey(request.key);
    const name = JSON.stringify([request.principal, request.key]);
    // The same request twice at once: the second waits for the first, then finds its answer stored.
    for (let other = underWay.get(name); other !== undefined; other = underWay.get(name)) {
      await other.catch(() => undefined);
    }
    const stored = storedAnswer(database, request);
    if (stored !== null) return stored;
    const work = performAndStore(database, request, perform);
    underWay.set(name, work);
    try {
      return await work;
    } finally {
      underWay.delete(name);
    }
  };
}

async function performAndStore(
  database: Database,
  request: RepeatableRequest,
  perform: () => Promise<ViewAnswer<unknown>>,
): Promise<ViewAnswer<unknown>> {
  const answer = await perform();
  store(database, request, answer);
  return answer;
}

function checkKey(key: string): void {
  if (/^[\x21-\x7e]{1,128}$/.test(key)) return;
  throw new ProblemError('validation-failed', 'Idempotency-Key must be 1 to 128 visible ASCII characters', {
    next: 'Send a UUID',
  });
}

function storedAnswer(database: Database, request: RepeatableRequest): ViewAnswer<unknown> | null {
  const row = database.orm
    .select()
    .from(idempotency)
    .where(and(eq(idempotency.principal, request.principal), eq(idempotency.key, request.key)))
    .get();
  if (row === undefined || row.createdAt < request.at - keptMicros) return null;
  if (row.requestHash !== hashOf(request)) {
    throw new ProblemError('idempotency-key-reused', 'This Idempotency-Key came with another request before', {
      next: 'Send a new key with a new request',
    });
  }
  return {
    status: row.status as ViewAnswer<unknown>['status'],
    view: JSON.parse(row.body) as unknown,
    headers: { 'idempotent-replayed': 'true', ...(row.location === null ? {} : { location: row.location }) },
  };
}

function store(database: Database, request: RepeatableRequest, answer: ViewAnswer<unknown>): void {
  const values = {
    key: request.key,
    principal: request.principal,
    requestHash: hashOf(request),
    status: answer.status,
    body: JSON.stringify(answer.view),
    location: answer.headers?.['location'] ?? null,
    createdAt: request.at,
  };
  write(database, (tx) => {
    tx.delete(idempotency)
      .where(lt(idempotency.createdAt, request.at - keptMicros))
      .run();
    tx.insert(idempotency).values(values).onConflictDoNothing().run();
  });
}

/** Names a request with its key and principal, wherever what it has begun is stored. */
export function repeatHash(request: RepeatableRequest): string {
  return sha256Hex(JSON.stringify([request.principal, request.key, hashOf(request)]));
}

function hashOf({ method, path, body }: RepeatableRequest): string {
  return sha256Hex(JSON.stringify([method, path, body ?? null]));
}
