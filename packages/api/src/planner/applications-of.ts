import type { ApplicationOfPlan } from '../scenarios/application-steps.ts';
import type { SmokeCheck } from '../scenarios/smoke-steps.ts';
import type { ServerSettings } from './plan-document.ts';

/** The applications of a server, in the order in which they are stopped. */
export function applicationsOf(server: string, { applications }: ServerSettings): ApplicationOfPlan[] {
  return applications.map((one): ApplicationOfPlan => {
    const { name } = one;
    if (one.kind === 'person') return { by: 'person', name };
    if (one.kind === 'webhook') return { by: 'api', name, reconnects: false, role: null };
    if (one.kind === 'dokploy') {
      return { by: 'api', name, reconnects: one.databaseVariable !== undefined, role: one.role };
    }
    const { pooler, deadlineSeconds, whenBusy } = one;
    return { by: 'agent', name, pause: { server, pooler, withinMs: deadlineSeconds * 1000, whenBusy } };
  });
}

/** Its smoke checks of what is reached from outside. */
export function smokeOf({ smoke }: ServerSettings): SmokeCheck[] {
  return smoke.flatMap(({ kind, name }) => (kind === 'sql' ? [] : [{ kind, name }]));
}

/** Its smoke checks in SQL, which live is asked before anybody gets in. */
export function sqlSmokeOf({ smoke }: ServerSettings) {
  return smoke.flatMap((one) => (one.kind === 'sql' ? [{ name: one.name, database: one.database, sql: one.sql }] : []));
}
