import type { Actor } from '../audit/append-event.ts';
import type { EngineDeps } from './engine-deps.ts';
import type { RunView } from './run-view.ts';

export interface StartRun {
  readonly planId: string;
  readonly actor: Actor;
  /** The plan's hash as the caller read it, with or without quotes. */
  readonly ifMatch?: string;
}

/** Starts the plan's only run; asked again, answers with the same run. Throws ProblemError. */
export function startRun(_deps: EngineDeps, _request: StartRun): { run: RunView; created: boolean } {
  throw new Error('cannot start runs yet');
}
