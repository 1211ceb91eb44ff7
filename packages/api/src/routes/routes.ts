import { auditRoutes } from './audit.ts';
import { planRoutes } from './plans.ts';
import type { Route } from './route.ts';
import { runRoutes } from './runs.ts';
import { serverRoutes } from './servers.ts';

/** Every route that needs a key. */
export const routes: readonly Route[] = [...serverRoutes, ...planRoutes, ...runRoutes, ...auditRoutes];
