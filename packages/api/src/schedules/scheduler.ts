import { setTimeout as delay } from 'node:timers/promises';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { problem, type Problem } from '@barback/shared/wire/problem.ts';
import { and, eq, inArray, lte } from 'drizzle-orm';
import type { Clock } from '../clock.ts';
import type { Database, Reader } from '../db/database.ts';
import { schedules } from '../db/watch-schema.ts';
import { runs } from '../db/schema.ts';
import { write } from '../db/write.ts';
import { activeStates, isActive } from '../engine/record-run.ts';
import type { Log } from '../engine/engine-deps.ts';
import { dueOf } from './due.ts';
import {
  openFirings,
  recordBegun,
  recordDelay,
  recordDue,
  recordEnd,
  recordRefused,
  type Firing,
} from './firing-store.ts';
import type { Launch } from './launch.ts';
import { quietUntil } from './occurrences.ts';
import { scheduleOf, type Schedule } from './schedule-store.ts';

export interface SchedulerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly launch: Launch;
}

export interface Scheduler {
  /**
   * Looks once at what has come, what can begin and what has ended; answers when everything that it began is recorded. Nothing is
   * kept in memory that a restart would miss.
   */
  turn(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

const lookEveryMs = 5_000;
/** What begins this late is told as missed. */
const lateMicros = 10 * 60_000_000;
const retryMicros = 5 * 60_000_000;
const busyRetryMicros = 30_000_000;

export function createScheduler(deps: SchedulerDeps): Scheduler {
  const stopping = new AbortController();
  const launching = new Map<string, Promise<void>>();
  let loop: Promise<void> = Promise.resolve();

  async function turn(): Promise<void> {
    const now = deps.clock.now();
    collectDue(deps, now);
    collectEnded(deps, now);
    for (const firing of openFirings(deps.database.orm, 'waiting')) {
      // One at a time for each server: the second sees the run of the first.
      if (!launching.has(firing.server)) begin(firing, now);
    }
    await Promise.all(launching.values());
  }

  function begin(firing: Firing, now: Micros): void {
    if (firing.retryAt !== null && firing.retryAt > now) return;
    const schedule = scheduleOf(deps.database.orm, firing.schedule);
    const waits = whyItWaits(deps.database.orm, schedule, now);
    if (waits !== null) {
      write(deps.database, (tx) => recordDelay(tx, firing, { schedule, at: now, ...waits }));
      return;
    }
    const work = launchOne(deps, schedule, firing)
      .catch((error: unknown) =>
        deps.log.error({ schedule: schedule.id, error }, 'cannot record what a schedule began'),
      )
      .finally(() => launching.delete(firing.server));
    launching.set(firing.server, work);
  }

  async function look(): Promise<void> {
    while (!stopping.signal.aborted) {
      // What takes long to plan keeps no other server waiting.
      void turn().catch((error: unknown) => deps.log.error({ error }, 'cannot look at the schedules'));
      await delay(lookEveryMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  return {
    turn,
    start() {
      loop = look();
    },
    async stop() {
      stopping.abort();
      await loop;
      await Promise.all(launching.values());
    },
  };
}

function collectDue(deps: SchedulerDeps, now: Micros): void {
  const come = deps.database.orm.select({ id: schedules.id }).from(schedules).where(lte(schedules.startsAt, now)).all();
  for (const { id } of come) {
    write(deps.database, (tx) => {
      const schedule = scheduleOf(tx, id);
      const { definition, next } = schedule;
      const due = next === null ? null : dueOf({ id, ...definition }, next, now);
      if (due === null || next === null) return;
      recordDue(tx, schedule, { due, at: now, isLate: now - next.startsAt > lateMicros });
    });
  }
}

function collectEnded(deps: SchedulerDeps, now: Micros): void {
  for (const firing of openFirings(deps.database.orm, 'started')) {
    const run = deps.database.orm
      .select()
      .from(runs)
      .where(eq(runs.id, firing.run ?? ''))
      .get();
    if (run && isActive(run.state)) continue;
    write(deps.database, (tx) => {
      const schedule = scheduleOf(tx, firing.schedule);
      const again = run?.state === 'cancelled' && run.preemptedBy !== null;
      recordEnd(tx, firing, { schedule, again, at: now });
    });
  }
}

async function launchOne(deps: SchedulerDeps, schedule: Schedule, firing: Firing): Promise<void> {
  const launched = await deps.launch(schedule, firing);
  const at = deps.clock.now();
  write(deps.database, (tx) => {
    switch (launched.is) {
      case 'started':
        return recordBegun(tx, firing, { schedule, run: launched.run, at });
      case 'refused':
        return recordRefused(tx, firing, { schedule, problem: launched.problem, at });
      case 'later':
        return recordDelay(tx, firing, { schedule, problem: launched.problem, at, retryAt: at + retryMicros });
    }
  });
}

/** Quiet hours, or a run that has the server; null when nothing keeps it from beginning. */
function whyItWaits(
  reader: Reader,
  { definition }: Schedule,
  now: Micros,
): { readonly problem: Problem; readonly retryAt: Micros } | null {
  const { server, quiet, timeZone } = definition;
  const until = quietUntil(quiet, timeZone, now);
  if (until !== null) {
    return {
      problem: problem('quiet-hours', `${server} is not to be disturbed until ${formatInstant(until)}`),
      retryAt: until,
    };
  }
  const other = reader
    .select({ id: runs.id, scenario: runs.scenario })
    .from(runs)
    .where(and(eq(runs.server, server), inArray(runs.state, [...activeStates])))
    .get();
  if (!other) return null;
  const detail = `run ${other.id} (${other.scenario}) works on ${server}`;
  return { problem: problem('server-busy', detail), retryAt: now + busyRetryMicros };
}
