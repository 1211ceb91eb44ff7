import type { AgentClient, CallContext } from '../agents/agent-client.ts';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/database.ts';

/** One look at a server: what it needs and whose request it is. */
export interface Look {
  readonly database: Database;
  readonly clock: Clock;
  readonly agent: AgentClient;
  readonly server: string;
  readonly context: CallContext;
  /** Compare every archived file with what was read. */
  readonly sweep: boolean;
}
