import type { Result } from '@barback/shared/operations/index.ts';
import type { PlannedSlots } from '../../scenarios/protection-basis.ts';
import type { RebaselineOptions } from '../../scenarios/rebaseline.ts';
import type { HostFacts, Rule } from './rule.ts';

export interface ProtectionFindingFacts extends HostFacts {
  readonly protection: Result<'protection-facts'>;
  readonly options: RebaselineOptions;
  readonly slots: PlannedSlots;
  /** Size of the cluster; null when it is not known. */
  readonly clusterBytes: number | null;
}

/** Looks for one thing that a new baseline would trip over. Pure. */
export type ProtectionRule = Rule<ProtectionFindingFacts>;
