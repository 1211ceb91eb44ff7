import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { activitySchema, activitySpan, activityStepsMax, commitsPerStep } from '../incidents/activity.ts';
import { incidentKinds } from '../incidents/classify.ts';
import { incidentPage, parseCursor } from '../incidents/incident-page.ts';
import { incidentListSchema } from '../incidents/incident-schema.ts';
import { renderActivity } from '../render/render-activity.ts';
import { renderIncidents } from '../render/render-incidents.ts';
import { loadServer } from '../servers/server-store.ts';
import { unreadSegments } from '../wal-index/wal-state.ts';
import { loadWal } from '../wal-index/wal-store.ts';
import { pictureOf } from '../window/wal-picture.ts';
import { instantQuery, numberQuery } from './query-parts.ts';
import { defineRoute } from './route.ts';
import { limitSchema, serverParams } from './schemas.ts';

const kindsQuery = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(incidentKinds)))
  .meta({ description: `One or more of ${incidentKinds.join(', ')}, with commas between` });

const cursorQuery = z
  .string()
  .transform((text, context) => {
    const cursor = parseCursor(text);
    if (!cursor) context.addIssue('expected `next` of an earlier page');
    return cursor ?? z.NEVER;
  })
  .meta({ description: '`next` of the page before' });

const transactionsQuery = z.strictObject({
  from: instantQuery.optional(),
  to: instantQuery.optional(),
  kind: kindsQuery.optional(),
  relation: z.string().min(1).max(200).optional().meta({ description: 'table, schema.table or database.schema.table' }),
  min_rows: numberQuery(0, Number.MAX_SAFE_INTEGER).optional(),
  before: cursorQuery.optional(),
  limit: limitSchema,
});

const transactions = defineRoute({
  method: 'get',
  path: '/v1/servers/{name}/transactions',
  operationId: 'listTransactions',
  summary: 'Transactions that dropped, emptied, rewrote or changed much, newest first, each with the target before it',
  needs: 'read',
  params: serverParams,
  query: transactionsQuery,
  body: null,
  answers: {
    200: { description: 'A page of transactions; `next` continues it as `before`', schema: incidentListSchema },
  },
  text: renderIncidents,
  async handle({ params, query, principal }, { database, index }) {
    const { name: server } = loadServer(database.orm, params.name, principal);
    const fresh = await index.freshen(server);
    const { state, observedAt } = loadWal(database.orm, server);
    const asked = {
      server,
      from: query.from ?? null,
      to: query.to ?? null,
      kinds: query.kind ?? incidentKinds,
      relation: query.relation ?? null,
      minRows: query.min_rows ?? null,
      before: query.before ?? null,
      limit: query.limit,
      hasBranches: pictureOf(state, []).paths.length > 1,
    };
    const known = { observedAt, index: { fresh, unread: unreadSegments(state) } };
    return { status: 200, view: incidentPage(database.orm, asked, known) };
  },
});

const stepQuery = z
  .string()
  .regex(/^[1-9]\d{0,6}[smhd]$/, 'write a step such as 10s, 5m, 1h or 1d')
  .transform(
    (text) => Number(text.slice(0, -1)) * { s: 1, m: 60, h: 3600, d: 86_400 }[text.slice(-1) as 's' | 'm' | 'h' | 'd'],
  )
  .refine((seconds) => seconds % 10 === 0, 'write a multiple of 10s')
  .meta({ description: 'A multiple of 10s: 10s, 5m, 1h, 1d' });

const activity = defineRoute({
  method: 'get',
  path: '/v1/servers/{name}/activity',
  operationId: 'getActivity',
  summary: 'Commits per interval',
  needs: 'read',
  params: serverParams,
  query: z.strictObject({
    from: instantQuery.optional(),
    to: instantQuery.optional(),
    step: stepQuery.optional(),
    timeline: numberQuery(1, 0xffff_ffff).optional().meta({ description: "live's own unless said" }),
  }),
  body: null,
  answers: { 200: { description: 'Commits in each step', schema: activitySchema } },
  text: renderActivity,
  async handle({ params, query, principal }, { database, index, clock }) {
    const { name: server } = loadServer(database.orm, params.name, principal);
    const fresh = await index.freshen(server);
    const { state, observedAt } = loadWal(database.orm, server);
    const { paths, livePath } = pictureOf(state, []);
    const path = query.timeline === undefined ? livePath : paths.find((one) => one.timeline === query.timeline);
    if (!path) throw unknownTimeline(server, query.timeline);
    const asked = { server, path, from: query.from ?? null, to: query.to ?? null, stepSeconds: query.step ?? null };
    const { span, stepSeconds } = activitySpan(database.orm, asked, clock.now());
    if ((span.to - span.from) / 1_000_000 / stepSeconds > activityStepsMax) throw tooManySteps();
    return {
      status: 200,
      view: {
        server,
        observedAt: observedAt === null ? null : formatInstant(observedAt),
        index: { fresh, unread: unreadSegments(state) },
        timeline: path.timeline,
        from: formatInstant(span.from),
        to: formatInstant(span.to),
        stepSeconds,
        commits: commitsPerStep(database.orm, { server, path, span, stepSeconds }),
        links: { window: `/v1/servers/${server}/window`, transactions: `/v1/servers/${server}/transactions` },
      },
    };
  },
});

function unknownTimeline(server: string, timeline: number | undefined): ProblemError {
  const which = timeline === undefined ? 'No timeline' : `Timeline ${timeline}`;
  return new ProblemError('not-found', `${which} of server ${server} is known, or not where it comes from`, {
    next: `See which are: GET /v1/servers/${server}/window`,
  });
}

function tooManySteps(): ProblemError {
  return new ProblemError('validation-failed', `The query does not fit at /step: more than ${activityStepsMax} steps`, {
    next: 'Write a longer step, or ask for less time with from and to',
    facts: { in: 'query', errors: [{ pointer: '/step', message: `more than ${activityStepsMax} steps` }] },
  });
}

export const incidentRoutes = [transactions, activity];
