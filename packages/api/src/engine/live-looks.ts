import type { EngineDeps } from './engine-deps.ts';
import { loadRun } from './load-run.ts';
import { observeLive } from './observe-live.ts';

/** How fresh the shown state of live is kept while steps end; the end of a run looks in any case. */
const lookEveryMicros = 5_000_000;

interface LiveLooks {
  /** Asks, beside the run, how live is; not while a look is under way or when the last one is young. */
  look(runId: string): void;
  settled(): Promise<void>;
}

export function createLiveLooks(deps: EngineDeps, stopping: AbortSignal): LiveLooks {
  const looking = new Map<string, Promise<void>>();
  return {
    look(runId) {
      if (looking.has(runId) || stopping.aborted) return;
      const { row } = loadRun(deps.database.orm, runId);
      if (deps.clock.now() - (row.liveDatabaseAt ?? 0) < lookEveryMicros) return;
      const look = observeLive(deps, row, stopping)
        .catch((error: unknown) => deps.log.error({ run: runId, error }, 'cannot store how live is'))
        .finally(() => looking.delete(runId));
      looking.set(runId, look);
    },
    async settled() {
      await Promise.all(looking.values());
    },
  };
}
