import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import type { AgentClient } from '../agents/agent-client.ts';
import type { Clock } from '../clock.ts';

/** What a plan is made from besides WAL, as the agent reported it just now. */
export interface Gathered {
  readonly host: Result<'host-facts'>;
  readonly backups: readonly Backup[];
  readonly clock: ClockDifference;
}

/** How far the host's clock is ahead of the api's; the answer took twice the uncertainty. */
export interface ClockDifference {
  readonly offset: Micros;
  readonly uncertainty: Micros;
}

const gatherLimitMs = 90_000;

/** Asks the agent; it only reads. */
export async function gather(agent: AgentClient, clock: Clock, server: string, keyId: string): Promise<Gathered> {
  const context = { sub: keyId, signal: AbortSignal.timeout(gatherLimitMs) };
  const asked = clock.now();
  const [host, list] = await Promise.all([
    agent.call('host-facts', { server }, context).then((one) => ({ ...one, answered: clock.now() })),
    agent.call('backup-list', { server }, context),
  ]);
  const uncertainty = Math.round((host.answered - asked) / 2);
  const difference = { offset: host.result.time - asked - uncertainty, uncertainty };
  return { host: host.result, backups: list.result.backups, clock: difference };
}

/** What a plan is made from that changes how a server is protected. */
export interface GatheredProtection {
  readonly host: Result<'host-facts'>;
  readonly protection: Result<'protection-facts'>;
}

/** Asks the agent; it only reads. */
export async function gatherProtection(agent: AgentClient, server: string, keyId: string): Promise<GatheredProtection> {
  const context = { sub: keyId, signal: AbortSignal.timeout(gatherLimitMs) };
  const [host, protection] = await Promise.all([
    agent.call('host-facts', { server }, context),
    agent.call('protection-facts', { server }, context),
  ]);
  return { host: host.result, protection: protection.result };
}

/** What live's place can be taken with, and how it is protected. */
export interface GatheredCutover {
  readonly facts: Result<'cutover-facts'>;
  readonly protection: Result<'protection-facts'>;
}

/** Asks the agent; it only reads. */
export async function gatherCutover(agent: AgentClient, server: string, keyId: string): Promise<GatheredCutover> {
  const context = { sub: keyId, signal: AbortSignal.timeout(gatherLimitMs) };
  const [facts, protection] = await Promise.all([
    agent.call('cutover-facts', { server }, context),
    agent.call('protection-facts', { server }, context),
  ]);
  return { facts: facts.result, protection: protection.result };
}
