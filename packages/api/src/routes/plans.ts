import { idSchema, serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { z } from 'zod';
import { approvePlan } from '../planner/approve-plan.ts';
import { createPlan } from '../planner/create-plan.ts';
import { loadPlan, loadPlans } from '../planner/load-plan.ts';
import { planRequestSchema } from '../planner/plan-request.ts';
import { planView, planViewSchema, type PlanView } from '../planner/plan-view.ts';
import { renderPlan, renderPlans } from '../render/render-plan.ts';
import { defineRoute, type RouteDeps, type RouteRequest } from './route.ts';
import { idParams, limitSchema, noParams, noQuery } from './schemas.ts';

const planList = z.strictObject({ plans: z.array(planViewSchema), next: z.string().nullable() }).meta({ id: 'Plans' });

const create = defineRoute({
  method: 'post',
  path: '/v1/plans',
  operationId: 'createPlan',
  summary: 'Plan a scenario: everything is resolved, checked and frozen; nothing is done',
  needs: 'operate',
  params: noParams,
  query: noQuery,
  body: planRequestSchema,
  answers: { 201: { description: 'The plan', schema: planViewSchema } },
  text: renderPlan,
  async handle({ body, principal, actor, repeatHash: requestHash }, deps) {
    const { planHours } = deps;
    const id = await createPlan(deps, { request: body, principal, actor, planHours, requestHash });
    return { status: 201, view: viewOf(id, { principal }, deps), headers: { location: `/v1/plans/${id}` } };
  },
});

const list = defineRoute({
  method: 'get',
  path: '/v1/plans',
  operationId: 'listPlans',
  summary: 'Plans, newest first',
  needs: 'read',
  params: noParams,
  query: z.strictObject({ server: serverNameSchema.optional(), before: idSchema.optional(), limit: limitSchema }),
  body: null,
  answers: { 200: { description: 'A page of plans; `next` continues it as `before`', schema: planList } },
  text: renderPlans,
  handle({ query, principal }, { database, clock }) {
    const plans = loadPlans(database.orm, query, principal).map((plan) => planView(plan, clock.now()));
    const next = plans.length === query.limit ? (plans.at(-1)?.id ?? null) : null;
    return { status: 200, view: { plans, next } };
  },
});

const show = defineRoute({
  method: 'get',
  path: '/v1/plans/{id}',
  operationId: 'getPlan',
  summary: 'One plan with its findings and steps',
  needs: 'read',
  params: idParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The plan', schema: planViewSchema } },
  text: renderPlan,
  handle(request, deps) {
    const view = viewOf(request.params.id, request, deps);
    return { status: 200, view, headers: { etag: `"${view.hash}"` } };
  },
});

const document = defineRoute({
  method: 'get',
  path: '/v1/plans/{id}/document',
  operationId: 'getPlanDocument',
  summary: 'The exact bytes that were frozen: their SHA-256 is the hash of the plan',
  needs: 'read',
  params: idParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The frozen plan', schema: null } },
  text: null,
  handle({ params, principal }, { database }) {
    const { bytes, hash } = loadPlan(database.orm, params.id, principal);
    return { status: 200, bytes, contentType: 'application/json', headers: { etag: `"${hash}"` } };
  },
});

const approve = defineRoute({
  method: 'post',
  path: '/v1/plans/{id}/approvals',
  operationId: 'approvePlan',
  summary: 'Approve exactly the plan with this hash',
  needs: 'approve',
  params: idParams,
  query: noQuery,
  body: z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/, 'expected the hash of the plan') }),
  answers: { 201: { description: 'The plan with its approvals', schema: planViewSchema } },
  text: renderPlan,
  handle({ params, body, principal, actor }, deps) {
    approvePlan(deps, { planId: params.id, hash: body.hash, principal, actor });
    return { status: 201, view: viewOf(params.id, { principal }, deps) };
  },
});

function viewOf(
  id: string,
  { principal }: Pick<RouteRequest<unknown, unknown, unknown>, 'principal'>,
  { database, clock }: RouteDeps,
): PlanView {
  return planView(loadPlan(database.orm, id, principal), clock.now());
}

export const planRoutes = [create, list, show, document, approve];
