import type { z } from 'zod';
import type { Prove } from '../agents/prove-agent.ts';
import type { Actor } from '../audit/append-event.ts';
import type { EngineDeps } from '../engine/engine-deps.ts';
import type { Principal } from '../keys/principal.ts';
import type { Capability } from '../keys/role.ts';
import type { Integrations } from '../integrations/integrations.ts';
import type { Channel } from '../notify/channel-config.ts';
import type { OffsiteKeeper } from '../offsite/offsite-keeper.ts';
import type { WalIndexer } from '../wal-index/wal-indexer.ts';

/** What routes are given: the engine's verbs need the same. */
export interface RouteDeps extends EngineDeps {
  /** How long a plan may be started after it was made. */
  readonly planHours: number;
  readonly index: WalIndexer;
  readonly integrations: Integrations;
  readonly offsite: OffsiteKeeper;
  /** Whether an agent that wants to be enrolled is the one it says. */
  readonly prove: Prove;
  /** Where people are told what happens. */
  readonly channels: readonly Channel[];
}

/** One authenticated request whose parts have passed their schemas. */
export interface RouteRequest<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly principal: Principal;
  readonly actor: Actor;
  /** `If-Match` as sent. */
  readonly ifMatch: string | undefined;
  /** Names the request when it came with an `Idempotency-Key`; null otherwise. */
  readonly repeatHash: string | null;
}

/** A resource; how it is written (JSON or text) is decided by what the caller accepts. */
export interface ViewAnswer<V> {
  readonly status: 200 | 201 | 202;
  readonly view: V;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Exact bytes of a type of their own. */
export interface BytesAnswer {
  readonly status: 200;
  readonly bytes: string | Uint8Array | Iterable<string>;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One method of one path as data: the router, OpenAPI, the access checks and the guard tests read it. */
export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With `{name}` for parameters, as OpenAPI writes it. */
  readonly path: `/v1/${string}` | '/metrics';
  readonly operationId: string;
  readonly summary: string;
  readonly needs: Capability;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  /** Null: the route takes no body, and refuses one that says anything. */
  readonly body: z.ZodType | null;
  readonly answers: Readonly<Record<number, { description: string; schema: z.ZodType | null; contentType?: string }>>;
  /** Null: the answer is bytes, and has no text of its own. */
  readonly text: ((view: never, now: number) => string) | null;
  readonly handle: (request: never, deps: RouteDeps) => unknown;
}

interface Typed<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, V> {
  readonly params: P;
  readonly query: Q;
  readonly body: B | null;
  readonly text: ((view: V, now: number) => string) | null;
  readonly handle: (
    request: RouteRequest<z.output<P>, z.output<Q>, z.output<B>>,
    deps: RouteDeps,
  ) => ViewAnswer<V> | BytesAnswer | Promise<ViewAnswer<V> | BytesAnswer>;
}

/** Checks that a route's handler, renderer and schemas agree. */
export function defineRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, V>(
  route: Omit<Route, keyof Typed<P, Q, B, V>> & Typed<P, Q, B, V>,
): Route {
  return route;
}

export function isBytes(answer: ViewAnswer<unknown> | BytesAnswer): answer is BytesAnswer {
  return 'bytes' in answer;
}
