import { eventSchema } from '@barback/shared/audit/event.ts';
import { idSchema, serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { logHead } from '../audit/append-event.ts';
import { exportEvents } from '../audit/export-events.ts';
import { findDocument } from '../audit/find-document.ts';
import { listEvents } from '../audit/list-events.ts';
import type { Principal } from '../keys/principal.ts';
import { renderAudit } from '../render/render-audit.ts';
import { loadServer } from '../servers/server-store.ts';
import { findRun } from '../runs/find-run.ts';
import { defineRoute } from './route.ts';
import { limitSchema, noParams, noQuery } from './schemas.ts';

const cursor = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/, 'expected the number of an event')
  .transform(Number);

const eventPage = z
  .strictObject({
    events: z.array(eventSchema),
    /** Continue with this as `after` or `before`, whichever was used; null at the end. */
    next: z.int().nullable(),
    head: z.strictObject({ log: z.string(), seq: z.int(), leaf: z.string() }).nullable(),
  })
  .meta({ id: 'Events' });

const list = defineRoute({
  method: 'get',
  path: '/v1/audit',
  operationId: 'listEvents',
  summary: 'Everything that was recorded: newest first, or with `after` from a number on',
  needs: 'read',
  params: noParams,
  query: z.strictObject({
    run: idSchema.optional(),
    server: serverNameSchema.optional(),
    after: cursor.optional(),
    before: cursor.optional(),
    limit: limitSchema,
  }),
  body: null,
  answers: { 200: { description: 'A page of events', schema: eventPage } },
  text: renderAudit,
  handle({ query, principal }, { database }) {
    if (query.run !== undefined) findRun(database.orm, query.run, principal);
    if (query.server !== undefined) loadServer(database.orm, query.server, principal);
    if (query.run === undefined && query.server === undefined) wholeLogOnly(principal);
    const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
    const { events, next } = listEvents(database.orm, { ...given, limit: query.limit });
    return { status: 200, view: { events: [...events], next, head: logHead(database.orm) } };
  },
});

const exported = defineRoute({
  method: 'get',
  path: '/v1/audit/export',
  operationId: 'exportEvents',
  summary: 'The whole log, one event a line, byte for byte; verify it with: barback-api audit verify FILE',
  needs: 'read',
  params: noParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The log', schema: null, contentType: 'application/x-ndjson' } },
  text: null,
  handle({ principal }, { database }) {
    wholeLogOnly(principal);
    return { status: 200, bytes: exportEvents(database), contentType: 'application/x-ndjson' };
  },
});

const document = defineRoute({
  method: 'get',
  path: '/v1/documents/{sha256}',
  operationId: 'getDocument',
  summary: 'The exact bytes of a plan, of a signed request or of a receipt, by their SHA-256',
  needs: 'read',
  params: z.strictObject({
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in lower-case hexadecimal'),
  }),
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The document', schema: null, contentType: 'application/octet-stream' } },
  text: null,
  handle({ params, principal }, { database }) {
    wholeLogOnly(principal);
    const found = findDocument(database.orm, params.sha256);
    if (found === null) throw new ProblemError('not-found', 'There is no document with this hash');
    const contentType = found.kind === 'request' || found.kind === 'receipt' ? 'application/jose' : 'application/json';
    return { status: 200, bytes: found.bytes, contentType, headers: { etag: `"${params.sha256}"` } };
  },
});

/** The chain can only be read whole, and it tells of every server. */
function wholeLogOnly(principal: Principal): void {
  if (principal.servers === null) return;
  throw new ProblemError('forbidden', 'This tells of every server, and the key is for some only', {
    next: 'Ask for one: GET /v1/audit?server=NAME, or use a key for all servers',
  });
}

export const auditRoutes = [list, exported, document];
