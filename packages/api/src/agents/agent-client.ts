import type { ControlResult } from '@barback/shared/operations/controls.ts';
import type { JobOpName, OpNameOf, Params, Result } from '@barback/shared/operations/index.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import type { JobView } from '@barback/shared/wire/job.ts';

/** On whose behalf an operation is asked for; it becomes part of the signed token. */
export interface CallContext {
  /** An API key's id, or `engine:` and the key that started the run. */
  readonly sub: string;
  readonly plan?: string | null;
  readonly run?: string | null;
  readonly step?: string | null;
  readonly attempt?: number | null;
  readonly fence?: number | null;
  /** Identifies the attempt; a new one when left out. */
  readonly opid?: string;
  /** Ends the wait for the answer, not what the agent does. */
  readonly signal?: AbortSignal;
}

/** The bytes that prove an answer: the token that was sent and the receipt that answered it. */
export interface Evidence {
  readonly request: string;
  readonly receipt: string;
}

export interface JobAnswer {
  readonly job: JobView;
  readonly evidence: Evidence;
}

export interface ReadAnswer<T> {
  readonly result: T;
  readonly evidence: Evidence;
}

/** One agent. Every method throws ProblemError: the agent's own problem, `agent-unreachable` or `bad-agent-response`. */
export interface AgentClient {
  readonly server: string;
  call<N extends OpNameOf<'R'>>(op: N, params: Params<N>, context: CallContext): Promise<ReadAnswer<Result<N>>>;
  submit<N extends JobOpName>(opid: string, op: N, params: Params<N>, context: CallContext): Promise<JobAnswer>;
  jobStatus(
    opid: string,
    wait: { waitMs: number; progressAt: Micros | null },
    context: CallContext,
  ): Promise<JobAnswer>;
  jobCancel(opid: string, context: CallContext): Promise<JobAnswer>;
  jobObserve(opid: string, context: CallContext): Promise<ReadAnswer<ControlResult<'job-observe'>>>;
  claim(plan: string, expect: number, context: CallContext): Promise<ReadAnswer<ControlResult<'server-claim'>>>;
  close(): Promise<void>;
}

/** The agents by the name of their server. */
export interface AgentDirectory {
  /** Throws ProblemError `unknown-server`. */
  client(server: string): AgentClient;
  close(): Promise<void>;
}
