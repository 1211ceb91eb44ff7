import type { Result } from '@barback/shared/operations/index.ts';
import type { CutoverBasis } from '../scenarios/cutover-basis.ts';
import type { GatheredCutover } from './gather.ts';

/** What must still be so when live is about to be replaced. Pure. */
export function cutoverBasis(host: Result<'host-facts'>, { facts, protection }: GatheredCutover): CutoverBasis {
  const { streaming, archiver, slotName, live } = protection;
  const { dataDirectory } = host;
  return {
    protection: {
      systemIdentifier: host.live?.systemIdentifier ?? null,
      timeline: live?.timeline ?? null,
      streaming,
      archiver,
      slotName,
    },
    dataDirectory: dataDirectory && { device: dataDirectory.device, inode: dataDirectory.inode },
    service: facts.service,
    hbaFile: facts.hba?.file ?? null,
  };
}
