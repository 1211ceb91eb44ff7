import { Pool } from 'undici';
import type { Clock } from '../clock.ts';
import type { Secrets } from './secrets.ts';

/** How long things may take and how often is looked; tests are faster. */
export interface Pace {
  /** Of one request: Dokploy answers `stop` only when docker has ended. */
  readonly callLimitMs: number;
  /** Between two looks at containers. */
  readonly pollMs: number;
  /** How long containers must go on running before they count: longer than the 5 s for which Swarm watches an update. */
  readonly stableMs: number;
  /** Before a webhook or a check is tried again, doubled each time up to 16 times as much. */
  readonly retryMs: number;
}

export const usualPace: Pace = { callLimitMs: 120_000, pollMs: 200, stableMs: 6_000, retryMs: 250 };

/** What stopping, starting and checking applications needs. */
export interface Integrations {
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly pace: Pace;
  /** The one pool of connections to a peer. */
  pool(origin: string): Pool;
  close(): Promise<void>;
}

const answerBytesMax = 8 * 1024 * 1024;

/** One pool per peer, no redirects, bounded answers. */
export function openIntegrations(given: { secrets: Secrets; clock: Clock; pace?: Pace }): Integrations {
  const pools = new Map<string, Pool>();
  return {
    secrets: given.secrets,
    clock: given.clock,
    pace: given.pace ?? usualPace,
    pool(origin) {
      const known = pools.get(origin);
      if (known !== undefined) return known;
      const pool = new Pool(origin, {
        connections: 4,
        pipelining: 1,
        // Below the 5 s after which Node's servers close an idle connection, so that no request meets a closing one.
        keepAliveTimeout: 3_000,
        keepAliveMaxTimeout: 3_000,
        maxResponseSize: answerBytesMax,
        connect: { timeout: 5_000 },
      });
      pools.set(origin, pool);
      return pool;
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
      pools.clear();
    },
  };
}
