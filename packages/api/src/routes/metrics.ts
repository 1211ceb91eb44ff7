import { scrape } from '../metrics/scrape.ts';
import { defineRoute } from './route.ts';
import { noParams, noQuery } from './schemas.ts';

const metrics = defineRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  summary: 'Metrics for Prometheus, of the servers that the key is for',
  needs: 'read',
  params: noParams,
  query: noQuery,
  body: null,
  answers: {
    200: { description: 'Text format', schema: null, contentType: 'text/plain; version=0.0.4; charset=utf-8' },
  },
  text: null,
  async handle({ principal }, { database, clock, offsite }) {
    const { text, contentType } = await scrape(database, { clock, principal, offsite: offsite.state() });
    return { status: 200, bytes: text, contentType };
  },
});

export const metricsRoutes = [metrics];
