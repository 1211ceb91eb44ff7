import { problemSchema } from '@barback/shared/wire/problem.ts';
import type { RouteConfig } from '@hono/zod-openapi';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Env } from 'hono';
import type { ZodObject } from 'zod';
import type { Route } from './route.ts';

const info = {
  openapi: '3.1.0',
  info: {
    title: 'Barback',
    version: '1',
    description:
      'Carries out PostgreSQL restores: plan, start, watch, and read the report. Every resource is also written as plain text: send Accept: text/plain or end the path with .txt.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
};

/** Describes every route from the schemas that check it, at `/openapi.json`. */
export function describeRoutes<E extends Env>(app: OpenAPIHono<E>, routes: readonly Route[]): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer' });
  for (const route of routes) app.openAPIRegistry.registerPath(described(route));
  for (const path of ['/healthz', '/readyz', '/openapi.json']) {
    app.openAPIRegistry.registerPath({
      method: 'get',
      path,
      operationId: path.replaceAll(/[/.]/g, ''),
      summary: path === '/openapi.json' ? 'This description' : 'Health, without a key',
      security: [],
      responses: { 200: { description: 'The answer' } },
    });
  }
  app.doc31('/openapi.json', info);
}

function described(route: Route): RouteConfig {
  const responses: RouteConfig['responses'] = {};
  for (const [status, answer] of Object.entries(route.answers)) {
    const text = route.text === null ? {} : { 'text/plain': { schema: { type: 'string' as const } } };
    const type = answer.contentType ?? 'application/json';
    const schema = answer.schema ?? { type: 'string' as const };
    responses[status] = { description: answer.description, content: { [type]: { schema }, ...text } };
  }
  responses['default'] = {
    description: 'Refused; `type` says why, `next` what to do',
    content: { 'application/problem+json': { schema: problemSchema } },
  };
  return {
    method: route.method,
    path: route.path,
    operationId: route.operationId,
    summary: route.summary,
    security: [{ key: [] }],
    'x-barback-needs': route.needs,
    request: {
      params: route.params as ZodObject,
      query: route.query as ZodObject,
      ...(route.body === null
        ? {}
        : { body: { required: true, content: { 'application/json': { schema: route.body } } } }),
    },
    responses,
  };
}
