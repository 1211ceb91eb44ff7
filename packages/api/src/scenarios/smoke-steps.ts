import type { Step } from './step.ts';

/** The checks of the server's settings that ask over HTTP, after live is open. */
export function smokeSteps(names: readonly string[]): Step[] {
  return names.map((check) => ({
    name: `smoke-${check}`,
    title: `Smoke check ${check}`,
    action: { on: 'api', op: 'smoke-http', params: { check } },
  }));
}
