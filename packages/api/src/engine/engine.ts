import { inArray } from 'drizzle-orm';
import { runs } from '../db/schema.ts';
import { driveRun } from './drive-run.ts';
import type { EngineDeps } from './engine-deps.ts';
import { createLiveLooks } from './live-looks.ts';
import { loadRun } from './load-run.ts';
import { queuedOn } from './make-way.ts';

export interface Engine {
  /** What the verbs need; `wake` reaches this engine. */
  readonly deps: EngineDeps;
  /** Goes on with every run that was active when the last engine ended. */
  start(): void;
  /** Ends every loop and timer; jobs on the agents go on, and the next engine finds them. */
  stop(): Promise<void>;
}

interface Driving {
  change: AbortController;
  done: Promise<void>;
}

/** One loop per active run. Nothing is kept in memory that a restart would miss. */
export function createEngine(given: Omit<EngineDeps, 'wake'>): Engine {
  const stopping = new AbortController();
  const driven = new Map<string, Driving>();
  let started = false;
  const deps: EngineDeps = { ...given, wake };
  const looks = createLiveLooks(deps, stopping.signal);

  function wake(runId: string): void {
    if (!started || stopping.signal.aborted) return;
    const known = driven.get(runId);
    if (known) return known.change.abort();
    const driving: Driving = { change: new AbortController(), done: Promise.resolve() };
    driven.set(runId, driving);
    driving.done = drive(runId, driving);
  }

  async function drive(runId: string, driving: Driving): Promise<void> {
    // Leaves the caller's stack, so that a verb answers before its run begins.
    await Promise.resolve();
    try {
      await driveRun(deps, runId, {
        stop: stopping.signal,
        nextChange: () => {
          if (driving.change.signal.aborted) driving.change = new AbortController();
          return driving.change.signal;
        },
        lookAtLive: () => looks.look(runId),
      });
    } catch (error) {
      deps.log.error({ run: runId, error }, 'the loop of a run ended by a defect; the run goes on at the next start');
    } finally {
      driven.delete(runId);
      wakeNext(runId);
      // Somebody resumed it between its last look and here.
      if (driving.change.signal.aborted) wake(runId);
    }
  }

  /** Whoever waits for the server that this run had. */
  function wakeNext(runId: string): void {
    if (stopping.signal.aborted) return;
    const { server } = loadRun(deps.database.orm, runId).row;
    for (const id of queuedOn(deps.database.orm, server)) if (id !== runId) wake(id);
  }

  return {
    deps,
    start() {
      started = true;
      const active = deps.database.orm
        .select({ id: runs.id })
        .from(runs)
        .where(inArray(runs.state, ['queued', 'running', 'waiting']))
        .all();
      for (const { id } of active) wake(id);
    },
    async stop() {
      stopping.abort();
      await Promise.all([...driven.values()].map(({ done }) => done));
      await looks.settled();
    },
  };
}
