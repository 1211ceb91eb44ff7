import { databaseView, databaseViewSchema } from '../offsite/database-view.ts';
import { renderDatabase } from '../render/render-database.ts';
import { defineRoute } from './route.ts';
import { noParams, noQuery } from './schemas.ts';

const show = defineRoute({
  method: 'get',
  path: '/v1/database',
  operationId: 'getDatabase',
  summary: "The api's own database, and what of it is on its box",
  needs: 'administer',
  params: noParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The database', schema: databaseViewSchema } },
  text: renderDatabase,
  handle: (_request, { database, offsite }) => ({ status: 200, view: databaseView(database.orm, offsite.state()) }),
});

export const databaseRoutes = [show];
