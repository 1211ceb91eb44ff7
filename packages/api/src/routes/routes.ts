import { auditRoutes } from './audit.ts';
import { channelRoutes } from './channels.ts';
import { databaseRoutes } from './database.ts';
import { enrolmentRoutes } from './enrolments.ts';
import { incidentRoutes } from './incidents.ts';
import { keptRoutes } from './kept.ts';
import { metricsRoutes } from './metrics.ts';
import { mirrorRoutes } from './mirror.ts';
import { planRoutes } from './plans.ts';
import { readinessRoutes } from './readiness.ts';
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
  ...readinessRoutes,
  ...mirrorRoutes,
  ...keptRoutes,
  ...planRoutes,
  ...runRoutes,
  ...scheduleRoutes,
  ...channelRoutes,
  ...auditRoutes,
  ...databaseRoutes,
  ...enrolmentRoutes,
  ...metricsRoutes,
];
