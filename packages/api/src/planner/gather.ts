import type { Result } from '@barback/shared/operations/index.ts';
import type { AgentClient } from '../agents/agent-client.ts';
import type { WalFacts } from './wal-path.ts';

/** What a plan is made from, as the agent reported it just now. */
export interface Gathered {
  readonly host: Result<'host-facts'>;
  readonly backups: Result<'backup-list'>['backups'];
  readonly wal: WalFacts;
}

const gatherLimitMs = 90_000;

/** Asks the agent for the three things a plan needs; all of them only read. */
export async function gather(agent: AgentClient, server: string, keyId: string): Promise<Gathered> {
  const context = { sub: keyId, signal: AbortSignal.timeout(gatherLimitMs) };
  const [host, list, wal] = await Promise.all([
    agent.call('host-facts', { server }, context),
    agent.call('backup-list', { server }, context),
    agent.call('wal-facts', { server }, context),
  ]);
  return { host: host.result, backups: list.result.backups, wal: wal.result };
}
