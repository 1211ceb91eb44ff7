import type { Step } from './step.ts';

/** A check of the server's settings that is made after live is open. */
export interface SmokeCheck {
  readonly name: string;
  readonly kind: 'http' | 'postman';
}

/** What would fail for want of a program or a file is told before anything is touched. */
export function lookAtSmokeSteps(checks: readonly SmokeCheck[]): Step[] {
  return checks
    .filter(({ kind }) => kind === 'postman')
    .map(({ name }) => ({
      name: `ready-${name}`,
      title: `See that the smoke check ${name} can be run`,
      action: { on: 'api', op: 'smoke-ready', params: { check: name } },
    }));
}

export function smokeSteps(checks: readonly SmokeCheck[]): Step[] {
  return checks.map(({ name, kind }) => ({
    name: `smoke-${name}`,
    title: `Smoke check ${name}`,
    action: { on: 'api', op: kind === 'http' ? 'smoke-http' : 'smoke-postman', params: { check: name } },
  }));
}
