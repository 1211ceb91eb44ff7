import type { AgentDirectory } from '../agents/agent-client.ts';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/database.ts';
import type { Outside } from './outside.ts';

/** A pino logger, or anything that takes the same calls. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What the verbs of the engine need: routes hold one of these. */
export interface EngineDeps {
  readonly database: Database;
  readonly agents: AgentDirectory;
  readonly clock: Clock;
  /** The api's id in tokens (`iss`) and receipts (`aud`). */
  readonly instanceId: string;
  readonly log: Log;
  readonly outside: Outside;
  /** Tells the engine that something about a run has changed; does nothing when no engine is running. */
  wake(runId: string): void;
}
