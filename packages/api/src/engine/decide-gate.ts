import type { Actor } from '../audit/append-event.ts';
import type { EngineDeps } from './engine-deps.ts';
import type { RunView } from './run-view.ts';

export interface GateDecision {
  readonly runId: string;
  readonly gate: string;
  /** One of the gate's choices, or `cancel`. */
  readonly decision: string;
  readonly note: string | null;
  readonly actor: Actor;
}

/** A person's answer to a gate that waits. Throws ProblemError. */
export function decideGate(_deps: EngineDeps, _request: GateDecision): RunView {
  throw new Error('cannot decide gates yet');
}
