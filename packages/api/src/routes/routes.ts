import { auditRoutes } from './audit.ts';
import { incidentRoutes } from './incidents.ts';
import { keptRoutes } from './kept.ts';
import { planRoutes } from './plans.ts';
import type { Route } from './route.ts';
import { runRoutes } from './runs.ts';
import { scheduleRoutes } from './schedules.ts';
import { serverRoutes } from './servers.ts';
import { windowRoutes } from './window.ts';

/** Every route that needs a key. */
export const routes: readonly Route[] = [
  ...serverRoutes,
  ...windowRoutes,
  ...incidentRoutes,
  ...keptRoutes,
  ...planRoutes,
  ...runRoutes,
  ...scheduleRoutes,
  ...auditRoutes,
];
