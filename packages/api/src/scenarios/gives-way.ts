import { scenarios, type ScenarioName } from './index.ts';

/** What they make can be made again, and nobody waits for it in an incident (T14). */
const repeatable: readonly string[] = ['drill', 'backup', 'mirror'] satisfies ScenarioName[];

/** Whether a run of one scenario is stopped when a plan of another is started. Pure. */
export function givesWay(running: string, starting: ScenarioName): boolean {
  return scenarios[starting].touches === 'live' && repeatable.includes(running);
}
