import type { OpName, Params } from '@barback/shared/operations/index.ts';
import type { Json } from '@barback/shared/wire/json.ts';

/** Work of the api itself; each name has one function in engine/perform/api.ts. */
export type ApiOpName =
  | 'judge-drill'
  | 'recheck-plan'
  | 'recheck-protection'
  | 'recheck-cutover'
  | 'judge-mirror'
  | 'judge-mirrored'
  | 'application-look'
  | 'application-stop'
  | 'application-start'
  | 'application-reconnect'
  | 'smoke-http'
  | 'smoke-ready'
  | 'smoke-postman'
  | 'agent-enrolled';

export type AgentAction = {
  [N in OpName]: { readonly on: 'agent'; readonly op: N; readonly params: Params<N> };
}[OpName];
export interface ApiAction {
  readonly on: 'api';
  readonly op: ApiOpName;
  readonly params: Json;
}
/** A gate: the run waits for a person's choice; at the deadline it takes `atDeadline`. */
export interface PersonAction {
  readonly on: 'person';
  readonly ask: string;
  readonly choices: readonly string[];
  readonly deadlineMs: number;
  readonly atDeadline: string;
  /** The inverse that is not carried out after the choice `hand-over`, which otherwise ends the run as `cancel` does. */
  readonly handsOver?: string;
}

/** What a step does, with every parameter final when the plan is frozen. The choice `cancel` of a gate cancels the run. */
export type Action = AgentAction | ApiAction | PersonAction;

/** What puts a begun step back: only after a failure or cancel, or in any case (clean-up). */
export interface Inverse {
  readonly when: 'failure' | 'always';
  readonly name: string;
  readonly title: string;
  readonly action: AgentAction | ApiAction;
}

/** What an earlier step must have answered, and what is done otherwise: nothing. */
export interface Condition {
  readonly step: string;
  readonly field: string;
  readonly is: string | boolean;
}

export interface Step {
  readonly name: string;
  readonly title: string;
  readonly action: Action;
  /** The step is passed over unless an earlier one has answered so; such a step has no inverse. */
  readonly onlyIf?: Condition;
  readonly inverse?: Inverse;
  /** From the moment this step begins nothing before it is put back: a later failure waits for a person, whose resume tries again. */
  readonly commits?: true;
}

/** An action of the agent with its params checked against the operation's contract by the compiler. */
export function onAgent<N extends OpName>(op: N, params: Params<N>): AgentAction {
  return { on: 'agent', op, params } as AgentAction;
}
