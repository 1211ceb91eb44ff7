import type { Params } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { besideDatabase } from '../postgres/database-names.ts';
import type { Exchange } from '../postgres/database-sql.ts';
import { requirePlan } from './backup-lease.ts';
import type { SqlServer } from './copy-sql.ts';
import type { Call, Host } from './handler.ts';
import { readImport } from './import-record.ts';
import { readKeptDatabase } from './kept-database.ts';
import { databases, liveBeside, type FoundDatabase } from './live-database.ts';

export type ExchangeParams = Params<'database-open'>;

/** Who gives a name up and who gets it, by the agent's own records. */
export interface Exchanging {
  readonly server: SqlServer;
  readonly names: Exchange;
  readonly outgoing: number;
  readonly incoming: number;
  /** Every database as it was a moment ago. */
  readonly seen: readonly FoundDatabase[];
  /** Whether it has got it already. */
  readonly isDone: boolean;
}

export async function exchangeOf(host: Host, params: ExchangeParams, call: Call): Promise<Exchanging> {
  const { database, oid: outgoing } = params;
  const plan = requirePlan(call);
  const { name, oid: incoming } = await incomingOf(host, params, plan);
  const names = { name: database, incoming: name, kept: besideDatabase(database, 'before', plan) };
  const server = liveBeside(host, Object.values(names));
  const seen = await databases(server, call);
  const isDone = seen.find(({ oid }) => oid === incoming)?.name === database;
  return { server, names, outgoing, incoming, seen, isDone };
}

async function incomingOf(host: Host, { incoming }: ExchangeParams, plan: string) {
  if (incoming.from === 'kept') {
    const kept = await readKeptDatabase(host, incoming.plan);
    if (kept?.server === host.serverName && kept.oid === incoming.oid) return kept;
    throw nothing(`plan ${incoming.plan} has set aside no database of oid ${incoming.oid}`);
  }
  const { loaded } = await readImport(host, plan);
  if (loaded !== null) return { name: loaded.database, oid: loaded.oid };
  throw nothing('this plan has loaded no database');
}

function nothing(what: string): ProblemError {
  return new ProblemError('nothing-kept', `no name was changed: ${what}`, {
    next: 'See what is kept, and plan again.',
  });
}
