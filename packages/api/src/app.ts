import { newId } from '@barback/shared/wire/identifiers.ts';
import { problemTypeOf, problem, ProblemError, type Problem } from '@barback/shared/wire/problem.ts';
import { Hono, type Context, type MiddlewareHandler } from 'hono';

import { authenticate, strangerLimit, tooManyStrangers } from './http/authenticate.ts';
import { dispatch } from './http/dispatch.ts';
import { repeatable } from './http/idempotency.ts';
import { negotiate, withoutTextEnding } from './http/negotiate.ts';
import { problemOf, problemResponse } from './http/problem-response.ts';
import { recordRefusal, strangerRecorder } from './http/record-refusal.ts';
import type { Principal } from './keys/principal.ts';
import { healthRoutes } from './routes/health.ts';
import { describeRoutes } from './routes/openapi.ts';
import type { Route, RouteDeps } from './routes/route.ts';
import { routes } from './routes/routes.ts';

interface Variables {
  readonly requestId: string;
  principal?: Principal;
}

export type App = Hono<{ Variables: Variables }>;

/** The whole HTTP interface. Whoever has no key sees health, the description of the interface, and one refusal. */
export function createApp(deps: RouteDeps): App {
  const app: App = new Hono({
    getPath: (request) => withoutTextEnding(new URL(request.url).pathname),
  });
  const repeat = repeatable(deps.database);
  app.use(async (context, next) => {
    context.set('requestId', newId(Math.floor(deps.clock.now() / 1000)));
    await next();
    context.header('x-request-id', context.get('requestId'));
    context.header('x-content-type-options', 'nosniff');
    context.header('cache-control', 'no-store');
  });
  healthRoutes(app, deps);
  describeRoutes(app, routes);
  app.use(keyRequired(deps));
  for (const route of routes) {
    app.on(route.method.toUpperCase(), honoPath(route.path), async (context) =>
      dispatch(
        route,
        { request: context.req.raw, params: context.req.param() as Record<string, string>, principal: known(context) },
        deps,
        repeat,
      ),
    );
  }
  app.notFound((context) => refuse(context, deps, nothingHere(context)));
  app.onError((error, context) => {
    const onDefect = (defect: unknown): void => {
      deps.log.error({ err: defect, request: context.get('requestId'), path: context.req.path }, 'request failed');
    };
    return refuse(context, deps, problemOf(error, onDefect));
  });
  return app;
}

type AppContext = Context<{ Variables: Variables }>;

function keyRequired(deps: RouteDeps): MiddlewareHandler<{ Variables: Variables }> {
  const limit = strangerLimit();
  const record = strangerRecorder(deps.database);
  return async (context, next) => {
    try {
      context.set('principal', authenticate(deps.database, context.req.header('authorization'), deps.clock.now()));
    } catch (error) {
      const at = deps.clock.now();
      const { method, path } = context.req;
      const within = limit.allow(at);
      if (error instanceof ProblemError) record({ method, path, problem: error.problem, at });
      throw within ? error : tooManyStrangers();
    }
    await next();
  };
}

function known(context: AppContext): Principal {
  const principal = context.get('principal');
  if (principal === undefined) throw new Error('cannot route a request that was not authenticated');
  return principal;
}

/** A refusal as the caller can read it; one of a change that somebody known asked for is recorded. */
function refuse(context: AppContext, deps: RouteDeps, refusal: Problem): Response {
  const principal = context.get('principal');
  const { method } = context.req;
  const described = { instance: `urn:barback:request:${context.get('requestId')}`, ...refusal };
  if (principal !== undefined && method !== 'GET' && method !== 'HEAD' && refusal.status < 500) {
    const what = { method, path: context.req.path, problem: refusal, at: deps.clock.now() };
    recordRefusal(deps.database, what, { kind: 'key', id: principal.id });
  }
  const as = negotiate(new URL(context.req.url).pathname, context.req.header('accept')) ?? 'json';
  return problemResponse(described, as, headersOf(context, refusal));
}

function headersOf(context: AppContext, refusal: Problem): Record<string, string> {
  if (problemTypeOf(refusal) === 'rate-limited') return { 'retry-after': '10' };
  if (problemTypeOf(refusal) !== 'method-not-allowed') return {};
  return { allow: methodsAt(context.req.path).join(', ') };
}

function nothingHere(context: AppContext): Problem {
  const methods = methodsAt(context.req.path);
  if (methods.length === 0) {
    return problem('not-found', 'There is nothing at this path', { next: 'GET /openapi.json lists every path' });
  }
  return problem('method-not-allowed', `${context.req.method} does not exist here`, {
    next: `Use ${methods.join(' or ')}`,
  });
}

function methodsAt(path: string): readonly string[] {
  const here = routes.filter((route) => pathPattern(route).test(path)).map((route) => route.method.toUpperCase());
  return here.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}

function pathPattern(route: Route): RegExp {
  return new RegExp(`^${route.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}

function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
