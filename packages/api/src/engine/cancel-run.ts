import type { Actor } from '../audit/append-event.ts';
import type { EngineDeps } from './engine-deps.ts';
import type { RunView } from './run-view.ts';

/** Asks a run to stop and put back what it began; asking twice is the same as once. Throws ProblemError. */
export function cancelRun(_deps: EngineDeps, _request: { runId: string; actor: Actor }): RunView {
  throw new Error('cannot cancel runs yet');
}
