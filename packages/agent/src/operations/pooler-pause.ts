import { ProblemError, problemTypeOf } from '@barback/shared/wire/problem.ts';
import { quoted } from '../pgbouncer/console.ts';
import { monotonicMs } from '../system/clock.ts';
import type { Call, Handler } from './handler.ts';
import { command, poolerOf, show, type Pooler } from './pooler-console.ts';
import { connectionsOf, pooledDatabases } from './pooler-databases.ts';

/**
 * Each database by its name: PgBouncer may serve other servers, and KILL is refused while all of it is paused (1.18–1.25, admin.c).
 * A pause that nobody waits for any more goes on, so one that is given up is resumed.
 */
export const poolerPause: Handler<'pooler-pause'> = {
  async perform(host, { pooler: name, withinMs, whenBusy }, call) {
    const pooler = poolerOf(host, name);
    const startedAt = monotonicMs();
    const cutOff: string[] = [];
    for (const database of pooler.config.databases) {
      const left = Math.max(1_000, withinMs - (monotonicMs() - startedAt));
      if (await pausedWithin(pooler, database, left, call)) continue;
      if (whenBusy === 'give-up') throw await givenUp(pooler, database, withinMs, call);
      await command(pooler, `KILL ${quoted(database)}`, call.signal);
      cutOff.push(database);
    }
    return { databases: [...pooler.config.databases], cutOff, seconds: (monotonicMs() - startedAt) / 1000 };
  },

  /** Pausing what is paused waits like the first time. */
  observe: () => Promise.resolve({ is: 'absent' }),
};

async function pausedWithin(pooler: Pooler, database: string, limitMs: number, call: Call): Promise<boolean> {
  try {
    await command(pooler, `PAUSE ${quoted(database)}`, call.signal, limitMs);
    return true;
  } catch (error) {
    if (!(error instanceof ProblemError) || problemTypeOf(error.problem) !== 'time-limit') throw error;
    return (await connectionsOf(pooler, database, call.signal)) === 0;
  }
}

async function givenUp(pooler: Pooler, database: string, limitMs: number, call: Call): Promise<ProblemError> {
  const clients = await show(pooler, 'SERVERS', ['user', 'database', 'state'], call.signal);
  const busy = clients.filter((one) => one.database === database && one.state === 'active');
  await resumeAll(pooler, call);
  return new ProblemError(
    'application-failed',
    `PgBouncer ${pooler.name} did not come to rest within ${Math.round(limitMs / 1000)} s: ${busy.length} connections to ${database} are in use`,
    {
      next: 'nothing is paused any more. Wait for the long transactions or end them; clients of a pool of mode session hold theirs until they leave: set whenBusy to cut-off for those.',
      facts: { database, inUse: busy.map((one) => one.user) },
    },
  );
}

/** Lets every database go on that is paused; new connections are made, never one from before. */
export async function resumeAll(pooler: Pooler, call: Call): Promise<string[]> {
  const resumed: string[] = [];
  for (const { name, paused } of await pooledDatabases(pooler, call.signal)) {
    if (!paused) continue;
    await command(pooler, `RECONNECT ${quoted(name)}`, call.signal);
    await command(pooler, `RESUME ${quoted(name)}`, call.signal);
    resumed.push(name);
  }
  return resumed;
}
