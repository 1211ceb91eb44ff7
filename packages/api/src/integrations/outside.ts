import type { Json } from '@barback/shared/wire/json.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Named, Outside } from '../engine/outside.ts';
import type { DrivenApplication } from './application-settings.ts';
import { snapshotApplication, startApplication, stopApplication } from './applications.ts';
import { reconnectDokploy } from './dokploy/reconnect.ts';
import type { Integrations } from './integrations.ts';
import { runHttpSmoke } from './smoke/run-http-smoke.ts';

/** What runs reach over HTTP, by the names in their plan's settings. */
export function createOutside(integrations: Integrations): Outside {
  return {
    look: ({ settings, name, signal }) =>
      snapshotApplication(integrations, { application: drivenIn(settings, name), signal }),
    stop: ({ settings, name, plan, signal }, snapshot) =>
      stopApplication(integrations, { plan, application: drivenIn(settings, name), snapshot, signal }),
    start: ({ settings, name, plan, signal }, snapshot) =>
      startApplication(integrations, { plan, application: drivenIn(settings, name), snapshot, signal }),
    reconnect: ({ settings, name, signal }, address) => {
      const application = drivenIn(settings, name);
      if (application.kind !== 'dokploy') throw new Error(`cannot reconnect ${name}: it is a ${application.kind}`);
      return reconnectDokploy(integrations, application, { address, signal });
    },
    check: async ({ settings, name, signal }) => {
      const check = settings.smoke.find((one) => one.name === name);
      if (check?.kind !== 'http') throw new Error(`cannot find the check ${name} in the settings of the plan`);
      const result = await runHttpSmoke(integrations, check, signal);
      if (!result.ok) throw smokeFailed(name, result.detail);
      return result as unknown as Json;
    },
  };
}

function drivenIn(settings: Named['settings'], name: string): DrivenApplication {
  const found = settings.applications.find((one) => one.name === name);
  if (found === undefined || found.kind === 'person' || found.kind === 'pgbouncer') {
    throw new Error(`cannot find the application ${name} in the settings of the plan`);
  }
  return found;
}

function smokeFailed(name: string, detail: string): ProblemError {
  return new ProblemError('smoke-failed', `the smoke check ${name} failed: ${detail}`, {
    next: 'The restored database is live and open. Correct the cause and resume the run, or take the restore back: POST /v1/runs/{id}/undo.',
  });
}
