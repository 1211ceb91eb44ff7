import type { Actor } from '../audit/append-event.ts';
import type { EngineDeps } from './engine-deps.ts';
import type { RunView } from './run-view.ts';

/** Lets a run that needs an operator go on with putting things back. Throws ProblemError. */
export function resumeRun(_deps: EngineDeps, _request: { runId: string; note: string | null; actor: Actor }): RunView {
  throw new Error('cannot resume runs yet');
}
