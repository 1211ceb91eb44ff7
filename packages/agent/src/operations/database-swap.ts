import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { isImported } from '../postgres/database-names.ts';
import {
  admitSql,
  endSessionsSchema,
  endSessionsSql,
  exchangeSql,
  grantsSql,
  statementsSchema,
} from '../postgres/database-sql.ts';
import { monotonicMs, nowMicros } from '../system/clock.ts';
import { ensureDirectory } from '../system/directory-tree.ts';
import { requirePlan } from './backup-lease.ts';
import { askJson, type SqlServer } from './copy-sql.ts';
import { exchangeOf, type Exchanging } from './database-exchange.ts';
import type { Call, Handler, Host } from './handler.ts';
import { writeKeptDatabase } from './kept-database.ts';
import { requireAmong, runSql } from './live-database.ts';
import { scratchPlace } from './scratch-place.ts';

const everyMs = 100;

export const databaseSwap: Handler<'database-swap'> = {
  async perform(host, params, call) {
    const startedAt = monotonicMs();
    const exchange = await exchangeOf(host, params, call);
    const { server, names, outgoing, incoming, seen, isDone } = exchange;
    if (isDone) return done(exchange);
    requireAmong(seen, names.name, outgoing);
    requireAmong(seen, names.incoming, incoming);
    await remember(host, exchange, requirePlan(call));
    await runSql(server, admitSql(names.name, false) + admitSql(names.incoming, false), call);
    const ending = { server, deadlineMs: params.deadlineMs };
    const sessionsEnded = await endSessions({ ...ending, name: names.name, oid: outgoing }, call);
    await endSessions({ ...ending, name: names.incoming, oid: incoming }, call);
    // Who gets in is not of the contents: a kept database has its own privileges, a loaded one has none yet.
    const grants = isImported(names.incoming)
      ? await askJson(server, grantsSql(outgoing, names.incoming), statementsSchema, call.signal)
      : [];
    await runSql(server, exchangeSql(names, grants), call);
    return { kept: names.kept, sessionsEnded, seconds: (monotonicMs() - startedAt) / 1000 };
  },

  async observe(host, params, call) {
    const exchange = await exchangeOf(host, params, call);
    return exchange.isDone ? { is: 'complete', result: done(exchange) } : { is: 'absent' };
  },
};

function done({ names }: Exchanging) {
  return { kept: names.kept, sessionsEnded: 0, seconds: 0 };
}

async function remember(host: Host, { names, outgoing }: Exchanging, plan: string): Promise<void> {
  await ensureDirectory(scratchPlace(host, plan).records);
  await writeKeptDatabase(host, {
    server: host.serverName,
    plan,
    replaced: names.name,
    name: names.kept,
    oid: outgoing,
    keptAt: nowMicros(),
  });
}

interface Ending {
  readonly server: SqlServer;
  readonly name: string;
  readonly oid: number;
  readonly deadlineMs: number;
}

/** Nobody gets in anew; over when a look finds nobody. */
async function endSessions({ server, name, oid, deadlineMs }: Ending, call: Call): Promise<number> {
  const startedAt = monotonicMs();
  let most = 0;
  for (;;) {
    const { ended, prepared } = await askJson(server, endSessionsSql(oid), endSessionsSchema, call.signal);
    if (prepared.length > 0) throw prepares(name, prepared);
    if (ended === 0) return most;
    most = Math.max(most, ended);
    if (monotonicMs() - startedAt > deadlineMs) throw inUse(name, deadlineMs);
    await sleep(everyMs, undefined, { signal: call.signal });
  }
}

function prepares(database: string, gids: readonly string[]): ProblemError {
  return new ProblemError(
    'database-in-use',
    `${database} has prepared transactions, which keep it from being renamed: ${gids.slice(0, 5).join(', ')}`,
    { next: 'End them with COMMIT PREPARED or ROLLBACK PREPARED, then plan again. Both databases have their names.' },
  );
}

function inUse(database: string, deadlineMs: number): ProblemError {
  return new ProblemError(
    'database-in-use',
    `sessions of ${database} have not ended within ${Math.round(deadlineMs / 1000)} s`,
    { next: 'Look at pg_stat_activity for what does not end. Both databases have their names.' },
  );
}
