import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '@barback/api/db/database.ts';
import { openDatabase } from '@barback/api/db/open-database.ts';
import { runs } from '@barback/api/db/schema.ts';
import { write } from '@barback/api/db/write.ts';
import { firingsOf, type Firing } from '@barback/api/schedules/firing-store.ts';
import type { Launch } from '@barback/api/schedules/launch.ts';
import { createScheduler, type Scheduler } from '@barback/api/schedules/scheduler.ts';
import { scheduleDefinitionSchema } from '@barback/api/schedules/schedule-definition.ts';
import { changeSchedule, createSchedule, loadSchedules, scheduleOf } from '@barback/api/schedules/schedule-store.ts';
import { formatInstant, parseInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { problem } from '@barback/shared/wire/problem.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditOf } from '../support/engine-rig.ts';

// A month on a simulated clock: the real database, scheduler and audit log; runs are rows that end when their time has passed.

const minute = 60_000_000;
const hour = 60 * minute;
const day = 24 * hour;
const admin = { kind: 'key', id: 'admin-key' } as const;
const quietLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

let directory: string;
let database: Database;
let now: Micros;
/** Runs under way, and when each ends. */
let running: Map<string, Micros>;
let begun: { schedule: string; server: string; at: Micros; run: string }[];
const clock = { now: () => now };

const at = (text: string): Micros => {
  const parsed = parseInstant(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.micros;
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'barback-month-'));
  now = at('2026-10-01T00:00:00Z');
  database = openDatabase({ path: join(directory, 'api.db'), clock });
  running = new Map();
  begun = [];
});
afterEach(async () => {
  database.close();
  await rm(directory, { recursive: true });
});

const launch: Launch = async ({ id, definition: { server, scenario } }) => {
  const run = newId(Math.floor(now / 1000));
  insertRun(run, { server, scenario });
  running.set(run, now + (scenario === 'drill' ? 40 : 20) * minute);
  begun.push({ schedule: id, server, at: now, run });
  return { is: 'started', run };
};

function insertRun(id: string, { server, scenario }: { server: string; scenario: string }): void {
  const row = { id, plan: id, server, scenario, state: 'running', startedBy: 'test', createdAt: now } as const;
  write(database, (tx) => tx.insert(runs).values(row).run());
}

function endRuns(): void {
  for (const [run, end] of running) {
    if (end > now) continue;
    running.delete(run);
    database.sqlite.prepare("UPDATE runs SET state = 'succeeded', finished_at = ? WHERE id = ?").run(now, run);
  }
}

const newScheduler = (how: Launch = launch): Scheduler =>
  createScheduler({ database, clock, log: quietLog, launch: how });

/** The clock goes on in steps; whatever ends or comes meanwhile is looked at by the scheduler. */
async function live(scheduler: Scheduler, until: Micros, stepMicros = 5 * minute): Promise<void> {
  for (; now < until; now += stepMicros) {
    endRuns();
    await scheduler.turn();
  }
}

const define = (more: object): ReturnType<typeof scheduleDefinitionSchema.parse> =>
  scheduleDefinitionSchema.parse({ server: 'main', name: 'nightly', scenario: 'drill', ...more });
const create = (more: object): string => createSchedule(database, { definition: define(more), at: now, actor: admin });
const firings = (schedule: string): readonly Firing[] => firingsOf(database.orm, schedule, 1_000);
const timesOf = (schedule: string): string[] =>
  begun.filter((one) => one.schedule === schedule).map((one) => formatInstant(one.at).slice(0, 16));

describe('a month of twenty servers', () => {
  test('has every drill and backup at its time, none lost, none doubled, never two at once on one server', async () => {
    const servers = Array.from({ length: 20 }, (_, index) => `s${index}`);
    const nightly = servers.map((server) =>
      create({ server, cron: '0 3 * * *', timeZone: 'Europe/Berlin', jitterMinutes: 45 }),
    );
    // Meets the drill on every night.
    for (const server of servers) create({ server, name: 'base', scenario: 'backup', cron: '0 3 * * *' });
    const scheduler = newScheduler();
    await live(scheduler, at('2026-11-01T00:00:00Z'));
    for (const schedule of nightly) expect(timesOf(schedule)).toHaveLength(31);
    expect(begun).toHaveLength(20 * 31 * 2);
    for (const server of servers) expect(overlaps(server)).toEqual([]);
    // 03:00 there is 01:00 UTC, and 02:00 from the 25th on.
    const utcHours = new Set(begun.filter((one) => nightly.includes(one.schedule)).map((one) => hourOf(one.at)));
    expect([...utcHours].toSorted()).toEqual(['01', '02']);
    const loose = loadSchedules(database.orm).flatMap(({ id }) => firings(id).filter(({ merged }) => merged > 0));
    expect(loose).toEqual([]);
    auditOf({ database });
  });

  test('that the api was down for two days of is told, and made up for once', async () => {
    const schedules = Array.from({ length: 20 }, (_, index) => create({ server: `s${index}`, cron: '0 3 * * *' }));
    await live(newScheduler(), at('2026-10-10T12:00:00Z'));
    now = at('2026-10-12T12:00:00Z');
    await live(newScheduler(), at('2026-11-01T00:00:00Z'));
    for (const schedule of schedules) {
      const times = timesOf(schedule);
      // The 11th and the 12th are one, as soon as it is back.
      expect(times).toHaveLength(30);
      expect(times.filter((time) => time.startsWith('2026-10-1'))).toContain('2026-10-12T12:00');
    }
    const missed = auditOf({ database }).filter((one) => one.type === 'schedule.missed');
    expect(missed).toHaveLength(20);
    expect(missed[0]?.data).toMatchObject({ missed: 1, carriedOut: 'once' });
  });

  test('keeps quiet hours, and begins at their end what came within them', async () => {
    const id = create({ cron: '0 */6 * * *', quiet: [{ from: '05:00', to: '20:00' }] });
    await live(newScheduler(), at('2026-10-04T00:00:00Z'));
    // 06:00, 12:00 and 18:00 are one at 20:00.
    const daily = ['T00:00', 'T20:00'];
    const days = ['2026-10-01', '2026-10-02', '2026-10-03'];
    const wanted = days.flatMap((one) => daily.map((time) => one + time)).slice(1);
    expect(timesOf(id)).toEqual(wanted);
    expect(firings(id).filter(({ merged }) => merged === 2)).toHaveLength(3);
    const told = auditOf({ database }).filter((one) => one.type === 'schedule.delayed');
    expect(told[0]?.data).toMatchObject({ problem: { type: 'urn:barback:problem:quiet-hours' } });
  });
});

describe('a schedule', () => {
  test('gives way to a restore of live, and begins again when that has ended', async () => {
    const id = create({ cron: '0 3 1 * *' });
    const scheduler = newScheduler();
    await live(scheduler, at('2026-10-01T03:10:00Z'));
    const [drill] = begun;
    if (!drill) throw new Error('no drill has begun');
    const restore = newId(Math.floor(now / 1000));
    const stop = database.sqlite.prepare("UPDATE runs SET state = 'cancelled', preempted_by = ? WHERE id = ?");
    stop.run(restore, drill.run);
    running.delete(drill.run);
    insertRun(restore, { server: 'main', scenario: 'point-in-time' });
    running.set(restore, now + 2 * hour);
    await live(scheduler, at('2026-10-02T00:00:00Z'));
    expect(timesOf(id)).toHaveLength(2);
    expect(begun[1]?.at).toBeGreaterThanOrEqual(at('2026-10-01T05:10:00Z'));
    expect(firings(id)).toMatchObject([{ state: 'ended', preempted: 1, run: begun[1]?.run }]);
  });

  test('waits for a run that has the server, says so once, and two that came meanwhile are one', async () => {
    const other = newId(Math.floor(now / 1000));
    insertRun(other, { server: 'main', scenario: 'point-in-time' });
    running.set(other, now + 2 * day + hour);
    const id = create({ cron: '0 3 * * *' });
    await live(newScheduler(), at('2026-10-05T00:00:00Z'));
    expect(timesOf(id)).toEqual(['2026-10-03T01:00', '2026-10-03T03:00', '2026-10-04T03:00']);
    const delayed = auditOf({ database }).filter((one) => one.type === 'schedule.delayed');
    expect(delayed).toHaveLength(1);
    expect(delayed[0]?.data).toMatchObject({ problem: { type: 'urn:barback:problem:server-busy' } });
  });

  test('tries again what an agent that is away keeps from beginning, and gives up what cannot be planned', async () => {
    const away = at('2026-10-01T09:00:00Z');
    const id = create({ cron: '0 3 * * *' });
    let blocked = false;
    const scheduler = newScheduler(async (schedule, firing) => {
      if (now < away) return { is: 'later', problem: problem('agent-unreachable', 'it does not answer') };
      if (blocked) return { is: 'refused', problem: problem('plan-blocked', 'no room') };
      return launch(schedule, firing);
    });
    await live(scheduler, at('2026-10-02T00:00:00Z'));
    expect(timesOf(id)).toEqual(['2026-10-01T09:00']);
    blocked = true;
    await live(scheduler, at('2026-10-03T00:00:00Z'));
    expect(firings(id)[0]).toMatchObject({ state: 'refused', run: null });
    blocked = false;
    await live(scheduler, at('2026-10-04T00:00:00Z'));
    expect(timesOf(id)).toEqual(['2026-10-01T09:00', '2026-10-03T03:00']);
  });

  test('that is paused begins nothing, not even what waits, and goes on from when it is resumed', async () => {
    const id = create({ cron: '0 3 * * *', quiet: [{ from: '03:00', to: '04:00' }] });
    const scheduler = newScheduler();
    await live(scheduler, at('2026-10-01T03:30:00Z'));
    expect(firings(id)).toMatchObject([{ state: 'waiting' }]);
    const change = (paused: boolean): void =>
      changeSchedule(database, id, { definition: define({ cron: '0 3 * * *', paused }), at: now, actor: admin });
    change(true);
    await live(scheduler, at('2026-10-03T12:00:00Z'));
    expect(begun).toEqual([]);
    expect(scheduleOf(database.orm, id).next).toBeNull();
    change(false);
    await live(scheduler, at('2026-10-05T00:00:00Z'));
    expect(timesOf(id)).toEqual(['2026-10-04T03:00']);
  });
});

const hourOf = (instant: Micros): string => formatInstant(instant).slice(11, 13);

/** Runs of one server that began before the one before had ended. */
function overlaps(server: string): unknown[] {
  const own = begun.filter((one) => one.server === server);
  return own.filter((one, index) => {
    const before = own[index - 1];
    return before !== undefined && one.at - before.at < 20 * minute;
  });
}
