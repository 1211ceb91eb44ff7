import type { Backup } from '@barback/shared/operations/backup.ts';
import type { EngineDeps } from '../engine/engine-deps.ts';
import type { Search } from '../targets/search.ts';
import { pictureOf } from '../window/wal-picture.ts';
import { exactReader } from './exact-reader.ts';
import type { WalIndexer } from './wal-indexer.ts';
import { walIndexReader } from './wal-index-reader.ts';
import { loadWal } from './wal-store.ts';

export interface SearchOptions {
  readonly server: string;
  /** Who asks. */
  readonly sub: string;
  /** Fresher than the remembered ones. */
  readonly backups?: readonly Backup[];
}

const readMs = 60_000;

/** Everything that a question about a server's WAL may ask: what is remembered, the index, and WAL itself through the agent. */
export function searchOf(deps: EngineDeps & { readonly index: WalIndexer }, options: SearchOptions): Search {
  const { server, sub } = options;
  const known = loadWal(deps.database.orm, server);
  const context = { sub, signal: AbortSignal.timeout(readMs) };
  return {
    picture: pictureOf(known.state, options.backups ?? known.backups),
    index: walIndexReader(deps.database.orm, server),
    exact: exactReader({
      agent: deps.agents.client(server),
      server,
      state: known.state,
      context,
      cache: deps.index.ends,
    }),
  };
}
