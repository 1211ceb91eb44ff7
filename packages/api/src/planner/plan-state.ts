import type { Micros } from '@barback/shared/postgres/instant.ts';
import { planFormat, type Finding, type PlanDocument } from './plan-document.ts';

export const planStates = ['ready', 'blocked', 'needs_approval', 'expired', 'started'] as const;

export type PlanState = (typeof planStates)[number];

/** Whether a plan can be started now; everything that blocks is named by `obstacles`. */
export function planState(
  plan: PlanDocument,
  world: {
    readonly runId: string | null;
    readonly approvals: number;
    readonly expiresAt: Micros;
    readonly now: Micros;
  },
): PlanState {
  if (world.runId !== null) return 'started';
  // A plan that an earlier version froze is not started any more.
  if (world.now >= world.expiresAt || plan.format !== planFormat) return 'expired';
  if (obstacles(plan).length > 0) return 'blocked';
  return world.approvals < plan.approvalsRequired ? 'needs_approval' : 'ready';
}

/** Findings that keep the plan from starting: blocking ones, and those to confirm that the operator has not acknowledged. */
export function obstacles(plan: Pick<PlanDocument, 'findings' | 'options'>): readonly Finding[] {
  const acknowledged = acknowledgedCodes(plan.options);
  return plan.findings.filter(
    (finding) =>
      finding.severity === 'blocking' || (finding.severity === 'confirm' && !acknowledged.includes(finding.code)),
  );
}

function acknowledgedCodes(options: PlanDocument['options']): readonly unknown[] {
  if (options === null || typeof options !== 'object' || !('acknowledge' in options)) return [];
  return Array.isArray(options.acknowledge) ? options.acknowledge : [];
}
