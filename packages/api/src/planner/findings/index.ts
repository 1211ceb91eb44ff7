import type { Finding } from '../plan-document.ts';
import { backupRules } from './backup-rules.ts';
import { barmanRules } from './barman-rules.ts';
import { clockRules } from './clock-rules.ts';
import { contentRules } from './content-rules.ts';
import { liveRules } from './live-rules.ts';
import { inOrder } from './order.ts';
import { replayRules } from './replay-rules.ts';
import { placeRules } from './place-rules.ts';
import { protectionRules } from './protection-rules.ts';
import type { FindingFacts } from './rule.ts';
import { spaceRules } from './space-rules.ts';
import { surroundingsRules } from './surroundings-rules.ts';
import { walRules } from './wal-rules.ts';

const rules = [
  ...barmanRules,
  ...backupRules,
  ...spaceRules,
  ...walRules,
  ...replayRules,
  ...protectionRules,
  ...surroundingsRules,
  ...contentRules,
  ...liveRules,
  ...placeRules,
  ...clockRules,
];

/** Everything that a restore would trip over; blocking ones first. Pure. */
export function findingsOf(facts: FindingFacts): readonly Finding[] {
  return inOrder(rules.flatMap((rule) => rule(facts) ?? []));
}
