import type { Json } from '@barback/shared/wire/json.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { and, asc, eq, isNull } from 'drizzle-orm';
import { appendEvent, type Actor } from '../audit/append-event.ts';
import type { Database, Reader, Tx } from '../db/database.ts';
import { firings, schedules } from '../db/watch-schema.ts';
import { write } from '../db/write.ts';
import { sees, type Principal } from '../keys/principal.ts';
import { occurrenceAfter, type Occurrence } from './due.ts';
import { scheduleDefinitionSchema, type ScheduleDefinition } from './schedule-definition.ts';

export interface Schedule {
  readonly id: string;
  readonly definition: ScheduleDefinition;
  readonly createdBy: string;
  readonly createdAt: Micros;
  /** What it waits for; null while it is paused. */
  readonly next: Occurrence | null;
}

export interface Change {
  readonly definition: ScheduleDefinition;
  readonly at: Micros;
  readonly actor: Actor;
}

export function createSchedule(database: Database, change: Change): string {
  const { definition, at, actor } = change;
  const id = newId(Math.floor(at / 1000));
  write(database, (tx) => {
    refuseTaken(tx, definition, null);
    const createdBy = actor.id;
    tx.insert(schedules)
      .values({ id, createdBy, createdAt: at, ...columns(id, change) })
      .run();
    record(tx, 'schedule.created', id, change);
  });
  return id;
}

/** From now on by its new definition; when it is paused, what waits is given up. */
export function changeSchedule(database: Database, id: string, change: Change): void {
  write(database, (tx) => {
    refuseTaken(tx, change.definition, id);
    tx.update(schedules).set(columns(id, change)).where(eq(schedules.id, id)).run();
    if (change.definition.paused) giveUpWaiting(tx, id, change.at);
    record(tx, 'schedule.changed', id, change);
  });
}

/** Nothing of it begins any more; a run that it has started goes on. */
export function removeSchedule(database: Database, { id, definition }: Schedule, by: Omit<Change, 'definition'>): void {
  write(database, (tx) => {
    const gone = { removedAt: by.at, dueAt: null, startsAt: null };
    tx.update(schedules).set(gone).where(eq(schedules.id, id)).run();
    giveUpWaiting(tx, id, by.at);
    record(tx, 'schedule.removed', id, { ...by, definition });
  });
}

export function loadSchedules(reader: Reader): readonly Schedule[] {
  return reader.select().from(schedules).where(isNull(schedules.removedAt)).orderBy(asc(schedules.id)).all().map(of);
}

/** The same refusal whether it does not exist or is for a server that is not the key's. */
export function loadSchedule(reader: Reader, id: string, principal: Principal): Schedule {
  const row = reader
    .select()
    .from(schedules)
    .where(and(eq(schedules.id, id), isNull(schedules.removedAt)))
    .get();
  if (row && sees(principal, row.server)) return of(row);
  throw new ProblemError('not-found', `There is no schedule ${id}`, { next: 'List them: GET /v1/schedules' });
}

/** Also of one that was removed, which may have a run under way. */
export function scheduleOf(reader: Reader, id: string): Schedule {
  const row = reader.select().from(schedules).where(eq(schedules.id, id)).get();
  if (!row) throw new Error(`cannot find the schedule ${id}`);
  return of(row);
}

/** What waits for its time from now on. */
export function setNext(tx: Tx, id: string, next: Occurrence | null): void {
  tx.update(schedules)
    .set({ dueAt: next?.dueAt ?? null, startsAt: next?.startsAt ?? null })
    .where(eq(schedules.id, id))
    .run();
}

function giveUpWaiting(tx: Tx, id: string, at: Micros): void {
  tx.update(firings)
    .set({ state: 'ended', endedAt: at })
    .where(and(eq(firings.schedule, id), eq(firings.state, 'waiting')))
    .run();
}

function columns(id: string, { definition, at }: Change) {
  const { server, name, paused } = definition;
  const next = paused ? null : occurrenceAfter({ id, ...definition }, at);
  return {
    server,
    name,
    definition: JSON.stringify(definition),
    dueAt: next?.dueAt ?? null,
    startsAt: next?.startsAt ?? null,
  };
}

function refuseTaken(tx: Tx, { server, name }: ScheduleDefinition, self: string | null): void {
  const other = tx
    .select({ id: schedules.id })
    .from(schedules)
    .where(and(eq(schedules.server, server), eq(schedules.name, name), isNull(schedules.removedAt)))
    .get();
  if (!other || other.id === self) return;
  throw new ProblemError('schedule-exists', `${server} has a schedule ${name} already`, {
    next: `Replace it: PUT /v1/schedules/${other.id}, or choose another name`,
    facts: { schedule: other.id },
  });
}

function record(tx: Tx, type: 'schedule.created' | 'schedule.changed' | 'schedule.removed', id: string, by: Change) {
  const { at, actor, definition } = by;
  const data = { schedule: id, definition: JSON.parse(JSON.stringify(definition)) as Json };
  appendEvent(tx, { type, at, actor, server: definition.server, data });
}

function of(row: typeof schedules.$inferSelect): Schedule {
  const { id, createdBy, createdAt, dueAt, startsAt } = row;
  return {
    id,
    definition: scheduleDefinitionSchema.parse(JSON.parse(row.definition)),
    createdBy,
    createdAt,
    next: dueAt === null || startsAt === null ? null : { dueAt, startsAt },
  };
}
