import { renderReachable } from '../render/render-reachable.ts';
import { renderWindow } from '../render/render-window.ts';
import { loadServer } from '../servers/server-store.ts';
import { reachableSchema, reachableView } from '../targets/reachable-view.ts';
import { resolveTarget } from '../targets/resolve-target.ts';
import { loadWindow } from '../wal-index/load-window.ts';
import { searchOf } from '../wal-index/search-of.ts';
import { loadWal } from '../wal-index/wal-store.ts';
import { windowSchema } from '../window/window-schema.ts';
import { reachableQuery } from './reachable-query.ts';
import { defineRoute } from './route.ts';
import { noQuery, serverParams } from './schemas.ts';

const window = defineRoute({
  method: 'get',
  path: '/v1/servers/{name}/window',
  operationId: 'getWindow',
  summary: 'Every instant that the server can be restored to, as last observed; also while host or database are down',
  needs: 'read',
  params: serverParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The window', schema: windowSchema } },
  text: renderWindow,
  async handle({ params, principal }, { database, clock, index }) {
    const { name } = loadServer(database.orm, params.name, principal);
    await index.freshen(name);
    return { status: 200, view: loadWindow(database.orm, name, clock) };
  },
});

const reachable = defineRoute({
  method: 'get',
  path: '/v1/servers/{name}/reachable',
  operationId: 'getReachable',
  summary: 'Whether one target can be reached: from what, what would be there and what lost; or why not, and what can',
  needs: 'read',
  params: serverParams,
  query: reachableQuery,
  body: null,
  answers: { 200: { description: 'The answer, also when it is no', schema: reachableSchema } },
  text: renderReachable,
  async handle({ params, query, principal }, deps) {
    const { database, index, clock } = deps;
    const { name: server } = loadServer(database.orm, params.name, principal);
    await index.freshen(server);
    const search = searchOf(deps, { server, sub: principal.id });
    const { target, backup: backupId } = query;
    const resolution = await resolveTarget(search, { target, backupId, now: clock.now() });
    const { observedAt, problem } = loadWal(database.orm, server);
    return { status: 200, view: reachableView(search, { server, observedAt, problem, target, resolution }) };
  },
});

export const windowRoutes = [window, reachable];
