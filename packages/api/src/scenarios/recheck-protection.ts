import type { Result } from '@barback/shared/operations/index.ts';
import type { Problem } from '@barback/shared/wire/problem.ts';
import { compared, voidPlan } from './plan-differences.ts';
import type { ProtectionBasis } from './protection-basis.ts';

export interface ProtectionNow {
  readonly basis: ProtectionBasis;
  readonly host: Result<'host-facts'>;
  readonly protection: Result<'protection-facts'>;
}

/** The problem of a plan whose server is another one by now, or is protected in another way; null when all is as it was. Pure. */
export function recheckProtection({ basis, host: { live }, protection }: ProtectionNow): Problem | null {
  return voidPlan([
    ...compared('the system identifier of live', basis.systemIdentifier, live?.systemIdentifier ?? 'unknown'),
    ...compared('the timeline of live', basis.timeline, protection.live?.timeline ?? 'unknown'),
    ...compared("Barman's streaming_archiver", basis.streaming, protection.streaming),
    ...compared("Barman's archiver", basis.archiver, protection.archiver),
    ...compared("Barman's slot_name", basis.slotName ?? 'not set', protection.slotName ?? 'not set'),
  ]);
}
