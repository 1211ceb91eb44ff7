import type { Json } from '@barback/shared/wire/json.ts';
import type { ObservedResult, OpName, Operations, Params, Result } from '@barback/shared/operations/index.ts';
import type { AgentConfig, ServerConfig } from '../config.ts';

/** What an operation may know of its host: the configuration of the named server, nothing from the request. */
export interface Host {
  readonly config: AgentConfig;
  readonly serverName: string;
  readonly server: ServerConfig;
}

/** One execution: who asked, how to stop, how to tell progress. */
export interface Call {
  readonly opid: string;
  /** The plan that names everything the run creates; null for reads outside a run. */
  readonly plan: string | null;
  readonly signal: AbortSignal;
  /** Reports progress; the runner rate-limits writing and computes the rate. */
  progress(phase: string, bytes: number, totalBytes: number | null): void;
  /** Keeps a line of evidence in the job's own log (bounded); never secrets. */
  log(line: string, facts?: Json): void;
}

interface ReadHandler<N extends OpName> {
  perform(host: Host, params: Params<N>, call: Call): Promise<Result<N>>;
}

/** `observe` classifies an attempt with an unknown outcome by looking at the world; it must be quick and change nothing. */
interface JobHandler<N extends OpName> extends ReadHandler<N> {
  observe(host: Host, params: Params<N>, call: Call): Promise<ObservedResult<N>>;
}

export type Handler<N extends OpName> = Operations[N]['class'] extends 'R' ? ReadHandler<N> : JobHandler<N>;

/** One handler per contract: the compiler names what is missing. */
export type Handlers = { readonly [N in OpName]: Handler<N> };
