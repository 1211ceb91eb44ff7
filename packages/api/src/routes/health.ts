import type { Hono, Env } from 'hono';
import { loadServers } from '../servers/server-store.ts';
import type { RouteDeps } from './route.ts';

/** Whether the process lives, and whether it can do its work: its database answers. They say nothing about any server. */
export function healthRoutes<E extends Env>(app: Hono<E>, deps: RouteDeps): void {
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.get('/readyz', (context) => {
    try {
      loadServers(deps.database.orm);
      return context.json({ status: 'ready' });
    } catch (error) {
      deps.log.error({ err: error }, 'the database does not answer');
      return context.json({ status: 'the database does not answer' }, 503);
    }
  });
}
