import { z } from 'zod';
import { readinessSchema, readinessView } from '../readiness/readiness-view.ts';
import { renderReadiness } from '../render/render-readiness.ts';
import { loadServer } from '../servers/server-store.ts';
import { defineRoute } from './route.ts';
import { limitSchema, serverParams } from './schemas.ts';

const drills = defineRoute({
  method: 'get',
  path: '/v1/servers/{name}/drills',
  operationId: 'getDrills',
  summary: 'What drills have proven, how long a restore would take now and what would be lost, beside the objectives',
  needs: 'read',
  params: serverParams,
  query: z.strictObject({ limit: limitSchema }),
  body: null,
  answers: { 200: { description: 'The history and the prediction', schema: readinessSchema } },
  text: renderReadiness,
  async handle({ params, query, principal }, { database, clock, index }) {
    const server = loadServer(database.orm, params.name, principal);
    await index.freshen(server.name);
    return { status: 200, view: readinessView(database.orm, server, { clock, limit: query.limit }) };
  },
});

export const readinessRoutes = [drills];
