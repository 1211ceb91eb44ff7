import { problemSchema } from '@barback/shared/wire/problem.ts';
import type { Env, Hono } from 'hono';
import { z } from 'zod';
import type { Route } from './route.ts';

type JsonSchema = Record<string, unknown>;

const openPaths = {
  '/healthz': 'Whether the process lives',
  '/readyz': 'Whether its database answers',
  '/openapi.json': 'This description',
};

/** Describes every route from the very schemas that check it, at `/openapi.json`. */
export function describeRoutes<E extends Env>(app: Hono<E>, routes: readonly Route[]): void {
  const text = JSON.stringify(openApiDocument(routes));
  app.get('/openapi.json', () => new Response(text, { headers: { 'content-type': 'application/json' } }));
}

/** OpenAPI 3.1, whose schemas are JSON Schema 2020-12 as zod writes it. Schemas with an id are components. */
function openApiDocument(routes: readonly Route[]): JsonSchema {
  const components: Record<string, JsonSchema> = {};
  const paths: Record<string, JsonSchema> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route, components) };
  }
  for (const [path, description] of Object.entries(openPaths)) {
    paths[path] = { get: { summary: description, security: [], responses: { 200: { description } } } };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Barback',
      version: '1',
      description:
        'Carries out PostgreSQL restores: plan, start, watch, read the report. Every resource is also written as plain text: send Accept: text/plain, or end the path with .txt.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    paths,
    components: { schemas: components, securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
  };
}

function operation(route: Route, components: Record<string, JsonSchema>): JsonSchema {
  const { operationId, summary, needs, body } = route;
  const take = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => collect(schema, io, components);
  const requestBody =
    body === null
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: take(body, 'input') } } } };
  const responses: JsonSchema = {
    default: {
      description: 'Refused: `type` says why, `next` what to do',
      content: { 'application/problem+json': { schema: take(problemSchema, 'output') } },
    },
  };
  for (const [status, { description, schema, contentType = 'application/json' }] of Object.entries(route.answers)) {
    const bytes = { schema: schema === null ? {} : take(schema, 'output') };
    const text = route.text === null ? {} : { 'text/plain': { schema: { type: 'string' } } };
    responses[status] = { description, content: { [contentType]: bytes, ...text } };
  }
  const parameters = [
    ...parametersIn('path', take(route.params, 'input')),
    ...parametersIn('query', take(route.query, 'input')),
  ];
  return { operationId, summary, 'x-barback-needs': needs, parameters, ...requestBody, responses };
}

function parametersIn(place: 'path' | 'query', schema: JsonSchema): JsonSchema[] {
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries((schema['properties'] ?? {}) as JsonSchema).map(([name, one]) => {
    return { name, in: place, required: place === 'path' || required.includes(name), schema: one };
  });
}

/** The schema, referring to its named parts, which move to the components; any JSON value is `Json` there. */
function collect(schema: z.ZodType, io: 'input' | 'output', components: Record<string, JsonSchema>): JsonSchema {
  const text = JSON.stringify(z.toJSONSchema(schema, { io, unrepresentable: 'any' }))
    .replaceAll(/"#\/\$defs\/__schema\d+"/g, '"#/components/schemas/Json"')
    .replaceAll('"#/$defs/', '"#/components/schemas/');
  const {
    $schema: _,
    $defs = {},
    ...rest
  } = JSON.parse(text) as { $schema?: string; $defs?: Record<string, JsonSchema> };
  for (const [name, part] of Object.entries($defs)) {
    if (name.startsWith('__schema')) components['Json'] = { description: 'Any JSON value' };
    else components[name] = part;
  }
  return rest;
}
