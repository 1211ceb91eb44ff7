import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { PlanDocument } from '../planner/plan-document.ts';
import type { EngineDeps } from './engine-deps.ts';
import { loadPlan, type RunRow } from './load-run.ts';
import { recordLiveDatabase, type LiveDatabase } from './record-run.ts';

/** Barman alone takes seconds to start on a busy host. */
const limitMs = 20_000;
const fromAgent = {
  old: { running: 'old-running', stopped: 'old-stopped', unknown: 'unknown' },
  new: { running: 'new-running', stopped: 'new-stopped', unknown: 'unknown' },
} as const satisfies Record<string, Record<string, LiveDatabase>>;

/** Which cluster lies at the live path, by the directory's inode: what the plan saw there is the old one. */
function whichLies(plan: PlanDocument, now: Result<'host-facts'>['dataDirectory']): 'old' | 'new' {
  const then = 'cutover' in plan ? plan.cutover.dataDirectory : null;
  if (!('cutover' in plan) || now === null) return 'old';
  return then?.device === now.device && then.inode === now.inode ? 'old' : 'new';
}

/** Asks how live is and stores the answer with its time; silence leaves the last observation as it was. */
export async function observeLive(deps: EngineDeps, row: RunRow, stop: AbortSignal): Promise<void> {
  // What makes hosts has no database that could be seen.
  if (row.scenario === 'provision') return;
  try {
    const { result } = await deps.agents.client(row.server).call(
      'host-facts',
      { server: row.server },
      {
        sub: `engine:${row.startedBy}`,
        plan: row.plan,
        run: row.id,
        signal: AbortSignal.any([stop, AbortSignal.timeout(limitMs)]),
      },
    );
    const { document } = loadPlan(deps.database.orm, row.plan);
    const isGone = result.dataDirectory?.hasControl !== true && result.liveState !== 'running';
    recordLiveDatabase(
      deps,
      row.id,
      isGone ? 'down' : fromAgent[whichLies(document, result.dataDirectory)][result.liveState],
    );
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    deps.log.warn({ run: row.id, problem: error.problem }, 'cannot see how the live database is');
  }
}
