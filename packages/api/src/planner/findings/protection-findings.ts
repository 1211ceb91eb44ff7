import type { Finding } from '../plan-document.ts';
import { barmanRules } from './barman-rules.ts';
import { identityRules } from './live-rules.ts';
import { inOrder } from './order.ts';
import type { ProtectionFindingFacts } from './protection-rule.ts';
import { slotRules } from './slot-rules.ts';

/** Everything that a new baseline would trip over; blocking ones first. Pure. */
export function protectionFindings(facts: ProtectionFindingFacts): readonly Finding[] {
  return inOrder([...barmanRules, ...identityRules, ...slotRules].flatMap((rule) => rule(facts) ?? []));
}
