import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { AgentDirectory } from '../agents/agent-client.ts';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/database.ts';
import { write } from '../db/write.ts';
import type { Log } from '../engine/engine-deps.ts';
import { readComplete } from './read-complete.ts';
import type { Look } from './look.ts';
import { refreshServer } from './refresh-server.ts';
import { loadWal, saveWal } from './wal-store.ts';

export interface LookOptions {
  readonly database: Database;
  readonly agents: AgentDirectory;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Wish {
  /** Compare every archived file with what was read. */
  readonly sweep: boolean;
  /** Also read what is older than the newest backup. */
  readonly all: boolean;
  readonly signal: AbortSignal;
}

/**
 * One look at a server; answers whether the index is as fresh as this moment, false when the signal came first. A look that fails
 * is taken down, and throws ProblemError.
 */
export async function lookAt(options: LookOptions, server: string, { sweep, all, signal }: Wish): Promise<boolean> {
  const { database, clock, log } = options;
  if (signal.aborted) return false;
  try {
    const look = lookOf(options, server, { sweep, signal });
    const isFresh = await refreshServer(look);
    return all && isFresh ? await readComplete(look, 'all') : isFresh;
  } catch (error) {
    if (signal.aborted) return false;
    log.warn({ server, error }, 'the index of a server cannot be refreshed');
    if (!(error instanceof ProblemError)) throw error;
    const { problem } = error;
    write(database, (tx) => saveWal(tx, server, { ...loadWal(tx, server), problem, problemAt: clock.now() }));
    throw error;
  }
}

/** Reads older segments until nothing is left or the signal comes. Throws ProblemError when the agent cannot. */
export async function readBacklog(options: LookOptions, server: string, signal: AbortSignal): Promise<void> {
  try {
    await readComplete(lookOf(options, server, { sweep: false, signal }), 'all');
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function lookOf(
  { database, agents, clock }: LookOptions,
  server: string,
  { sweep, signal }: { sweep: boolean; signal: AbortSignal },
): Look {
  return { database, clock, agent: agents.client(server), server, context: { sub: 'index', signal }, sweep };
}
