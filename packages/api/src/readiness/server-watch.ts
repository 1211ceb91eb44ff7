import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/database.ts';
import { write } from '../db/write.ts';
import type { Log } from '../engine/engine-deps.ts';
import { loadDatabaseServers } from '../servers/server-store.ts';
import { recordFindings } from './finding-store.ts';
import { judgeServer } from './judge-server.ts';
import { serverFacts } from './server-facts.ts';

interface WatchDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ReadinessWatch {
  start(): void;
  stop(): Promise<void>;
}

/** Judges every server again and again, from what the index and the runs have left in the database. */
export function watchReadiness(deps: WatchDeps, everyMs: number): ReadinessWatch {
  const stopping = new AbortController();
  let loop: Promise<void> = Promise.resolve();
  async function look(): Promise<void> {
    while (!stopping.signal.aborted) {
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) await judgeAll(deps, stopping.signal);
    }
  }
  return {
    start() {
      loop = look();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}

/** One server after the other, with a breath between them: requests are answered meanwhile. */
export async function judgeAll(deps: WatchDeps, signal?: AbortSignal): Promise<void> {
  for (const server of loadDatabaseServers(deps.database.orm)) {
    if (signal?.aborted) return;
    try {
      const found = judgeServer(serverFacts(deps.database.orm, server, deps.clock));
      write(deps.database, (tx) => recordFindings(tx, server.name, found, deps.clock.now()));
    } catch (error) {
      deps.log.error({ server: server.name, error }, 'cannot judge a server');
    }
    await delay(0);
  }
}
