import { mirrorView, mirrorViewSchema } from '../mirror/mirror-view.ts';
import { renderMirror } from '../render/render-mirror.ts';
import { loadServer } from '../servers/server-store.ts';
import { defineRoute } from './route.ts';
import { noQuery, serverParams } from './schemas.ts';

const show = defineRoute({
  method: 'get',
  path: '/v1/servers/{name}/mirror',
  operationId: 'getMirror',
  summary: 'How old the mirror is, what it holds, and what a disaster would lose now; also while the host is gone',
  needs: 'read',
  params: serverParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The mirror', schema: mirrorViewSchema } },
  text: renderMirror,
  async handle({ params, principal }, { database, clock, index }) {
    const { name } = loadServer(database.orm, params.name, principal);
    await index.freshen(name);
    return { status: 200, view: mirrorView(database.orm, name, clock) };
  },
});

export const mirrorRoutes = [show];
