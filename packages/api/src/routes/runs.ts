import { probeSchema } from '@barback/shared/operations/scratch-probe.ts';
import { idSchema, serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { z } from 'zod';
import { cancelRun } from '../engine/cancel-run.ts';
import { decideGate } from '../engine/decide-gate.ts';
import { resumeRun } from '../engine/resume-run.ts';
import { runViewSchema } from '../engine/run-view.ts';
import { startRun } from '../engine/start-run.ts';
import { loadPlan } from '../planner/load-plan.ts';
import { planRequestSchema } from '../planner/plan-request.ts';
import { renderComparison } from '../render/render-comparison.ts';
import { renderProbe } from '../render/render-probe.ts';
import { renderReport } from '../render/render-report.ts';
import { renderRun, renderRuns } from '../render/render-run.ts';
import { findRun, findRuns } from '../runs/find-run.ts';
import { planAndStart } from '../runs/plan-and-start.ts';
import { compareTables, comparisonSchema, tablesQuery } from '../runs/compare-tables.ts';
import { probeAnswerSchema, probeCopy, probeQuestionSchema } from '../runs/probe-copy.ts';
import { waitingFacts } from '../runs/waiting-facts.ts';
import { reportSchema, runReport } from '../runs/run-report.ts';
import { defineRoute } from './route.ts';
import { idParams, limitSchema, noParams, noQuery } from './schemas.ts';

const runList = z.strictObject({ runs: z.array(runViewSchema), next: z.string().nullable() }).meta({ id: 'Runs' });
const noteSchema = z.string().max(2000).nullable().default(null);

const start = defineRoute({
  method: 'post',
  path: '/v1/plans/{id}/runs',
  operationId: 'startRun',
  summary: 'Start the plan; it runs at most once, so asking again answers with the same run',
  needs: 'operate',
  params: idParams,
  query: noQuery,
  body: null,
  answers: {
    200: { description: 'The run that this plan already has', schema: runViewSchema },
    202: { description: 'The new run', schema: runViewSchema },
  },
  text: renderRun,
  handle({ params, principal, actor, ifMatch }, deps) {
    const planId = loadPlan(deps.database.orm, params.id, principal).document.id;
    const { run, created } = startRun(deps, { planId, actor, ...(ifMatch === undefined ? {} : { ifMatch }) });
    return { status: created ? 202 : 200, view: run, headers: { location: `/v1/runs/${run.id}` } };
  },
});

const planned = defineRoute({
  method: 'post',
  path: '/v1/runs',
  operationId: 'planAndStartRun',
  summary:
    'Plan and start in one call; what keeps the plan from starting is the answer, with the plan in `facts.plan`, and nothing is started',
  needs: 'operate',
  params: noParams,
  query: noQuery,
  body: planRequestSchema,
  answers: {
    200: { description: 'The run that this Idempotency-Key already began', schema: runViewSchema },
    202: { description: 'The new run', schema: runViewSchema },
  },
  text: renderRun,
  async handle({ body, principal, actor, repeatHash }, deps) {
    const { planHours } = deps;
    const { run, created } = await planAndStart(deps, { request: body, principal, actor, planHours, repeatHash });
    return { status: created ? 202 : 200, view: run, headers: { location: `/v1/runs/${run.id}` } };
  },
});

const list = defineRoute({
  method: 'get',
  path: '/v1/runs',
  operationId: 'listRuns',
  summary: 'Runs, newest first',
  needs: 'read',
  params: noParams,
  query: z.strictObject({
    server: serverNameSchema.optional(),
    state: runViewSchema.shape.state.optional(),
    before: idSchema.optional(),
    limit: limitSchema,
  }),
  body: null,
  answers: { 200: { description: 'A page of runs; `next` continues it as `before`', schema: runList } },
  text: renderRuns,
  handle({ query, principal }, { database }) {
    const runs = [...findRuns(database.orm, query, principal)];
    return { status: 200, view: { runs, next: runs.length === query.limit ? (runs.at(-1)?.id ?? null) : null } };
  },
});

const show = defineRoute({
  method: 'get',
  path: '/v1/runs/{id}',
  operationId: 'getRun',
  summary: 'One run: the state of the database, of each step, and the result',
  needs: 'read',
  params: idParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The run', schema: runViewSchema } },
  text: renderRun,
  async handle({ params, principal }, deps) {
    const run = findRun(deps.database.orm, params.id, principal);
    return { status: 200, view: { ...run, waiting: await waitingFacts(deps, run, principal.id) } };
  },
});

const cancel = defineRoute({
  method: 'post',
  path: '/v1/runs/{id}/cancel',
  operationId: 'cancelRun',
  summary: 'Stop the run and put back what it began and is not final; one that needs an operator goes on to its end',
  needs: 'operate',
  params: idParams,
  query: noQuery,
  body: null,
  answers: { 202: { description: 'The run', schema: runViewSchema } },
  text: renderRun,
  handle({ params, principal, actor }, deps) {
    const { id } = findRun(deps.database.orm, params.id, principal);
    return { status: 202, view: cancelRun(deps, { runId: id, actor }) };
  },
});

const resume = defineRoute({
  method: 'post',
  path: '/v1/runs/{id}/resume',
  operationId: 'resumeRun',
  summary: 'Let a run that needs an operator go on: it puts back what is not final yet, and tries again what is',
  needs: 'operate',
  params: idParams,
  query: noQuery,
  body: z.strictObject({ note: noteSchema }),
  answers: { 202: { description: 'The run', schema: runViewSchema } },
  text: renderRun,
  handle({ params, body, principal, actor }, deps) {
    const { id } = findRun(deps.database.orm, params.id, principal);
    return { status: 202, view: resumeRun(deps, { runId: id, note: body.note, actor }) };
  },
});

const decide = defineRoute({
  method: 'post',
  path: '/v1/runs/{id}/gates/{name}',
  operationId: 'decideGate',
  summary: 'Answer the question that the run waits for',
  needs: 'operate',
  params: idParams.extend({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
      .max(64),
  }),
  query: noQuery,
  body: z.strictObject({ decision: z.string().min(1).max(64), note: noteSchema }),
  answers: { 200: { description: 'The run', schema: runViewSchema } },
  text: renderRun,
  handle({ params, body, principal, actor }, deps) {
    const { id } = findRun(deps.database.orm, params.id, principal);
    return { status: 200, view: decideGate(deps, { runId: id, gate: params.name, ...body, actor }) };
  },
});

const probe = defineRoute({
  method: 'post',
  path: '/v1/runs/{id}/probe',
  operationId: 'probeCopy',
  summary: 'Ask the copy of a waiting run one read-only question, by its text or by the name of a configured probe',
  needs: 'operate',
  params: idParams,
  query: noQuery,
  body: probeQuestionSchema,
  answers: { 200: { description: 'Its rows, or what keeps it from answering', schema: probeAnswerSchema } },
  text: renderProbe,
  async handle({ params, body, principal }, deps) {
    const run = findRun(deps.database.orm, params.id, principal);
    return { status: 200, view: await probeCopy(deps, run, { question: body, sub: principal.id }) };
  },
});

const comparison = defineRoute({
  method: 'get',
  path: '/v1/runs/{id}/comparison',
  operationId: 'compareTables',
  summary: 'Rows and key ranges of chosen tables in the copy of a waiting run and in live',
  needs: 'operate',
  params: idParams,
  query: z.strictObject({ database: probeSchema.shape.database, tables: tablesQuery }),
  body: null,
  answers: { 200: { description: 'Both sides', schema: comparisonSchema } },
  text: renderComparison,
  async handle({ params, query, principal }, deps) {
    const run = findRun(deps.database.orm, params.id, principal);
    return { status: 200, view: await compareTables(deps, run, { ...query, sub: principal.id }) };
  },
});

const report = defineRoute({
  method: 'get',
  path: '/v1/runs/{id}/report',
  operationId: 'getReport',
  summary: 'The post-mortem: plan, approvals, operations, proof, RTO and RPO against the objectives, audit head',
  needs: 'read',
  params: idParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The report', schema: reportSchema } },
  text: renderReport,
  handle: ({ params, principal }, { database, clock }) => ({
    status: 200,
    view: runReport(database.orm, params.id, principal, clock.now()),
  }),
});

export const runRoutes = [start, planned, list, show, cancel, resume, decide, probe, comparison, report];
