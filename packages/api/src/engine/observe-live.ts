import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { EngineDeps } from './engine-deps.ts';
import type { RunRow } from './load-run.ts';
import { recordLiveDatabase, type LiveDatabase } from './record-run.ts';

const limitMs = 5_000;
const fromAgent = { running: 'old-running', stopped: 'old-stopped', unknown: 'unknown' } as const satisfies Record<
  string,
  LiveDatabase
>;

/** Asks how live is and stores the answer with its time; silence leaves the last observation as it was. */
export async function observeLive(deps: EngineDeps, row: RunRow, stop: AbortSignal): Promise<void> {
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
    recordLiveDatabase(deps, row.id, fromAgent[result.liveState]);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    deps.log.warn({ run: row.id, problem: error.problem }, 'cannot see how the live database is');
  }
}
