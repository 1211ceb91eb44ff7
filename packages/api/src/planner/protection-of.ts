import type { Result } from '@barback/shared/operations/index.ts';
import type { ProtectionBasis } from '../scenarios/protection-basis.ts';
import type { GatheredProtection } from './gather.ts';

/** What a plan that changes how a server is protected relies on. Pure. */
export function protectionBasisOf({ host, protection }: GatheredProtection): ProtectionBasis {
  const { streaming, archiver, slotName, live } = protection;
  return {
    systemIdentifier: host.live?.systemIdentifier ?? null,
    timeline: live?.timeline ?? null,
    streaming,
    archiver,
    slotName,
  };
}

/** What a base backup of the cluster copies; null while live does not say. */
export function clusterBytesOf(host: Result<'host-facts'>): number | null {
  return host.live?.databases.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) ?? null;
}
