import { ProblemError } from '@barback/shared/wire/problem.ts';
import { loadDatabaseServers } from '../servers/server-store.ts';
import { EndsCache } from './exact-reader.ts';
import type { LookOptions } from './look-at.ts';
import { ServerWatch, type CatchUp } from './server-watch.ts';

export interface IndexerOptions extends LookOptions {
  /** Pause between two looks at a server; 0: only when asked. */
  readonly everyMs: number;
}

/** Keeps the commit index of every server fresh. */
export interface WalIndexer {
  /** As ServerWatch. */
  catchUp(server: string, how: CatchUp): Promise<boolean>;
  /**
   * Before a question is answered from the index: a short look, unless the last one is young; that it fails is taken down. Answers
   * whether it came to its end.
   */
  freshen(server: string): Promise<boolean>;
  /** Transactions of single segments that were read lately. */
  readonly ends: EndsCache;
  start(): void;
  stop(): Promise<void>;
}

const freshen = { maxAgeMs: 5_000, limitMs: 3_000 };

/** Nothing is kept in memory that the database does not have. */
export function createWalIndexer(options: IndexerOptions): WalIndexer {
  const stopping = new AbortController();
  const watches = new Map<string, ServerWatch>();
  let discovering: NodeJS.Timeout | undefined;

  function watchOf(server: string): ServerWatch {
    const watch = watches.get(server) ?? new ServerWatch(options, server, stopping.signal);
    watches.set(server, watch);
    return watch;
  }

  const watched = new Set<string>();
  /** Servers are added while the api runs. */
  function discover(): void {
    for (const { name } of loadDatabaseServers(options.database.orm)) {
      if (watched.has(name)) continue;
      watched.add(name);
      void watchOf(name).watch(options.everyMs);
    }
  }

  return {
    ends: new EndsCache(),
    catchUp: (server, how) => watchOf(server).catchUp(how),
    async freshen(server) {
      try {
        return await watchOf(server).catchUp(freshen);
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        return false;
      }
    },
    start() {
      if (options.everyMs === 0) return;
      discover();
      discovering = setInterval(discover, options.everyMs).unref();
    },
    async stop() {
      stopping.abort();
      clearInterval(discovering);
      await Promise.all([...watches.values()].map((watch) => watch.stopped()));
    },
  };
}
