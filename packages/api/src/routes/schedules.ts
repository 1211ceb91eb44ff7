import { serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { z } from 'zod';
import { sees } from '../keys/principal.ts';
import { renderSchedule, renderSchedules } from '../render/render-schedule.ts';
import { fireNow } from '../schedules/fire-now.ts';
import { scheduleDefinitionSchema } from '../schedules/schedule-definition.ts';
import {
  changeSchedule,
  createSchedule,
  loadSchedule,
  loadSchedules,
  removeSchedule,
} from '../schedules/schedule-store.ts';
import { scheduleView, scheduleViewSchema, type ScheduleView } from '../schedules/schedule-view.ts';
import { loadServer } from '../servers/server-store.ts';
import { defineRoute, type RouteDeps, type RouteRequest } from './route.ts';
import { idParams, noParams, noQuery } from './schemas.ts';

const scheduleList = z.strictObject({ schedules: z.array(scheduleViewSchema) }).meta({ id: 'Schedules' });
/** Of one schedule; a list has the newest alone. */
const firingsMax = 20;

const create = defineRoute({
  method: 'post',
  path: '/v1/schedules',
  operationId: 'createSchedule',
  summary: 'Carry out drills or base backups by themselves, monthly unless said otherwise',
  needs: 'operate',
  params: noParams,
  query: noQuery,
  body: scheduleDefinitionSchema,
  answers: { 201: { description: 'The schedule', schema: scheduleViewSchema } },
  text: renderSchedule,
  handle({ body, principal, actor }, deps) {
    const { database, clock } = deps;
    loadServer(database.orm, body.server, principal);
    const id = createSchedule(database, { definition: body, at: clock.now(), actor });
    return { status: 201, view: viewOf(id, { principal }, deps), headers: { location: `/v1/schedules/${id}` } };
  },
});

const list = defineRoute({
  method: 'get',
  path: '/v1/schedules',
  operationId: 'listSchedules',
  summary: 'Every schedule with what comes next and how it went last',
  needs: 'read',
  params: noParams,
  query: z.strictObject({ server: serverNameSchema.optional() }),
  body: null,
  answers: { 200: { description: 'The schedules', schema: scheduleList } },
  text: renderSchedules,
  handle({ query, principal }, { database }) {
    const shown = loadSchedules(database.orm).filter(
      ({ definition: { server } }) =>
        sees(principal, server) && (query.server === undefined || query.server === server),
    );
    return { status: 200, view: { schedules: shown.map((one) => scheduleView(database.orm, one, 1)) } };
  },
});

const show = defineRoute({
  method: 'get',
  path: '/v1/schedules/{id}',
  operationId: 'getSchedule',
  summary: 'One schedule with what came of it, newest first',
  needs: 'read',
  params: idParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The schedule', schema: scheduleViewSchema } },
  text: renderSchedule,
  handle: (request, deps) => ({ status: 200, view: viewOf(request.params.id, request, deps) }),
});

const replace = defineRoute({
  method: 'put',
  path: '/v1/schedules/{id}',
  operationId: 'replaceSchedule',
  summary: 'Replace a schedule, or pause it; a run that it has started goes on',
  needs: 'operate',
  params: idParams,
  query: noQuery,
  body: scheduleDefinitionSchema,
  answers: { 200: { description: 'The schedule', schema: scheduleViewSchema } },
  text: renderSchedule,
  handle({ params, body, principal, actor }, deps) {
    const { database, clock } = deps;
    const { id } = loadSchedule(database.orm, params.id, principal);
    loadServer(database.orm, body.server, principal);
    changeSchedule(database, id, { definition: body, at: clock.now(), actor });
    return { status: 200, view: viewOf(id, { principal }, deps) };
  },
});

const remove = defineRoute({
  method: 'delete',
  path: '/v1/schedules/{id}',
  operationId: 'removeSchedule',
  summary: 'End a schedule; a run that it has started goes on',
  needs: 'operate',
  params: idParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The schedule as it was', schema: scheduleViewSchema } },
  text: renderSchedule,
  handle({ params, principal, actor }, deps) {
    const { database, clock } = deps;
    const schedule = loadSchedule(database.orm, params.id, principal);
    const view = viewOf(schedule.id, { principal }, deps);
    removeSchedule(database, schedule, { at: clock.now(), actor });
    return { status: 200, view: { ...view, next: null } };
  },
});

const fire = defineRoute({
  method: 'post',
  path: '/v1/schedules/{id}/firings',
  operationId: 'fireSchedule',
  summary: 'Carry a schedule out now, as if it were due; it joins an occurrence that waits already',
  needs: 'operate',
  params: idParams,
  query: noQuery,
  body: null,
  answers: { 202: { description: 'The schedule', schema: scheduleViewSchema } },
  text: renderSchedule,
  handle({ params, principal, actor }, deps) {
    const schedule = loadSchedule(deps.database.orm, params.id, principal);
    fireNow(deps, schedule, actor);
    return { status: 202, view: viewOf(schedule.id, { principal }, deps) };
  },
});

function viewOf(
  id: string,
  { principal }: Pick<RouteRequest<unknown, unknown, unknown>, 'principal'>,
  { database }: RouteDeps,
): ScheduleView {
  return scheduleView(database.orm, loadSchedule(database.orm, id, principal), firingsMax);
}

export const scheduleRoutes = [create, list, show, replace, remove, fire];
