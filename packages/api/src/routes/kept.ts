import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { z } from 'zod';
import { createPlan } from '../planner/create-plan.ts';
import { loadPlan } from '../planner/load-plan.ts';
import { planView, planViewSchema } from '../planner/plan-view.ts';
import { renderKept } from '../render/render-kept.ts';
import { renderPlan } from '../render/render-plan.ts';
import { findRun } from '../runs/find-run.ts';
import { scenarios, type ScenarioName } from '../scenarios/index.ts';
import { keptListSchema } from '../servers/kept-view.ts';
import { keepUntil, keptWarnings } from '../servers/kept-warnings.ts';
import { loadServer } from '../servers/server-store.ts';
import { defineRoute, type RouteDeps, type RouteRequest } from './route.ts';
import { idParams, noQuery, serverParams } from './schemas.ts';

const list = defineRoute({
  method: 'get',
  path: '/v1/servers/{name}/kept',
  operationId: 'listKept',
  summary: 'Directories that runs took from the live path and that are still there, newest first',
  needs: 'read',
  params: serverParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'What is kept', schema: keptListSchema } },
  text: renderKept,
  async handle({ params, principal }, { database, agents, clock }) {
    const { name: server, settings } = loadServer(database.orm, params.name, principal);
    const context = { sub: principal.id, signal: AbortSignal.timeout(60_000) };
    const agent = agents.client(server);
    const [{ result }, { result: named }, disk] = await Promise.all([
      agent.call('kept-list', { server }, context),
      agent.call('database-kept', { server }, context),
      agent.call('host-facts', { server }, context).then(
        (facts) => facts.result.filesystems.find((one) => one.role === 'data') ?? null,
        () => null,
      ),
    ]);
    const newest = result.kept.toSorted((a, b) => b.keptAt - a.keptAt);
    const databases = named.kept.toSorted((a, b) => b.keptAt - a.keptAt);
    const dated = <K extends { keptAt: number }>(one: K) => ({
      ...one,
      keptAt: formatInstant(one.keptAt),
      keepUntil: formatInstant(keepUntil(one, settings)),
    });
    const warnings = keptWarnings({ kept: [...newest, ...databases], settings, disk, now: clock.now() });
    const view = { server, kept: newest.map(dated), databases: databases.map(dated), warnings };
    return { status: 200, view: { ...view, links: { server: `/v1/servers/${server}` } } };
  },
});

const undo = defineRoute({
  method: 'post',
  path: '/v1/runs/{id}/undo',
  operationId: 'planUndo',
  summary: 'Plan to put back what the run took from the live path; nothing is done until the plan is started',
  needs: 'operate',
  params: idParams,
  query: noQuery,
  body: z.strictObject({ options: scenarios.undo.options.prefault({}) }).prefault({}),
  answers: { 201: { description: 'The plan', schema: planViewSchema } },
  text: renderPlan,
  async handle(request, deps) {
    const { id: run, server, scenario } = findRun(deps.database.orm, request.params.id, request.principal);
    const { options } = request.body;
    const asked: Asked = renames.has(scenario)
      ? { scenario: 'import-undo', server, run, options: scenarios['import-undo'].options.parse(pick(options)) }
      : { scenario: 'undo', server, run, options };
    return planned(await createPlan(deps, creation(request, deps, asked)), request, deps);
  },
});

const accept = defineRoute({
  method: 'post',
  path: '/v1/runs/{id}/accept',
  operationId: 'planAccept',
  summary: 'Plan to delete what the run took from the live path, after which it cannot be undone',
  needs: 'operate',
  params: idParams,
  query: noQuery,
  body: z.strictObject({ options: scenarios.accept.options.prefault({}) }).prefault({}),
  answers: { 201: { description: 'The plan', schema: planViewSchema } },
  text: renderPlan,
  async handle(request, deps) {
    const { id: run, server, scenario } = findRun(deps.database.orm, request.params.id, request.principal);
    const kind = renames.has(scenario) ? 'import-accept' : 'accept';
    const asked: Asked = { scenario: kind, server, run, options: request.body.options };
    return planned(await createPlan(deps, creation(request, deps, asked)), request, deps);
  },
});

/** Of these a database is kept, and no directory. */
const renames: ReadonlySet<string> = new Set(['standby-import', 'import-undo'] satisfies ScenarioName[]);

/** Nothing is stopped or started, so what is said of that has no meaning. */
function pick({ stopWithin, applicationStart, acknowledge }: z.output<typeof scenarios.undo.options>) {
  return { stopWithin, applicationStart, acknowledge };
}

type Asked = Parameters<typeof createPlan>[1]['request'];
type Asking = Pick<RouteRequest<unknown, unknown, unknown>, 'principal' | 'actor' | 'repeatHash'>;

function creation({ principal, actor, repeatHash: requestHash }: Asking, { planHours }: RouteDeps, request: Asked) {
  return { request, principal, actor, planHours, requestHash };
}

function planned(id: string, { principal }: Pick<Asking, 'principal'>, { database, clock }: RouteDeps) {
  const view = planView(loadPlan(database.orm, id, principal), clock.now());
  return { status: 201 as const, view, headers: { location: `/v1/plans/${id}` } };
}

export const keptRoutes = [list, undo, accept];
