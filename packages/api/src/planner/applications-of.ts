import type { ApplicationOfPlan } from '../scenarios/application-steps.ts';
import type { ServerSettings } from './plan-document.ts';

/** The applications of a server, in the order in which they are stopped. */
export function applicationsOf({ applications }: ServerSettings): ApplicationOfPlan[] {
  return applications.map(({ name, kind }) => ({ name, byPerson: kind === 'person' }));
}

/** Names of its smoke checks over HTTP. */
export function smokeOf({ smoke }: ServerSettings): string[] {
  return smoke.flatMap((one) => (one.kind === 'http' ? [one.name] : []));
}

/** Its smoke checks in SQL, which live is asked before anybody gets in. */
export function sqlSmokeOf({ smoke }: ServerSettings) {
  return smoke.flatMap((one) => (one.kind === 'sql' ? [{ name: one.name, database: one.database, sql: one.sql }] : []));
}
