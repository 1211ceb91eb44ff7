import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { ServerSettings } from '../planner/plan-document.ts';

/** Refuses settings that name a secret which the configuration of the api does not have: found now, not in an outage. */
export function checkSecrets(settings: ServerSettings, known: readonly string[]): void {
  const errors = settings.applications.flatMap((application, index) => {
    if (!('secret' in application) || known.includes(application.secret)) return [];
    const message = `the configuration of the api has no secret ${application.secret}`;
    return [{ pointer: `/applications/${index}/secret`, message }];
  });
  const [first] = errors;
  if (first === undefined) return;
  throw new ProblemError('validation-failed', `The body does not fit at ${first.pointer}: ${first.message}`, {
    next: 'Add it under secrets in the configuration of the api, as NAME: FILE, and start it again',
    facts: { in: 'body', errors },
  });
}
