import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import type { EventType } from '@barback/shared/audit/event.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import type { Problem } from '@barback/shared/wire/problem.ts';
import { and, asc, desc, eq } from 'drizzle-orm';
import { appendEvent, type Actor } from '../audit/append-event.ts';
import type { Reader, Tx } from '../db/database.ts';
import { firings } from '../db/watch-schema.ts';
import type { Due } from './due.ts';
import { setNext, type Schedule } from './schedule-store.ts';

export type Firing = typeof firings.$inferSelect;

/** Those that wait for their turn, or whose run has not been seen to end, oldest first. */
export function openFirings(reader: Reader, state: 'waiting' | 'started'): readonly Firing[] {
  return reader.select().from(firings).where(eq(firings.state, state)).orderBy(asc(firings.dueAt)).all();
}

export function firingsOf(reader: Reader, schedule: string, limit: number): readonly Firing[] {
  return reader
    .select()
    .from(firings)
    .where(eq(firings.schedule, schedule))
    .orderBy(desc(firings.id))
    .limit(limit)
    .all();
}

export interface Come {
  readonly due: Due;
  readonly at: Micros;
  /** Told, and carried out once. */
  readonly isLate: boolean;
  /** Who asked for it out of turn; the schedule itself otherwise. */
  readonly actor?: Actor;
}

/** An occurrence has come: it waits for its turn, or joins the one that still does. */
export function recordDue(tx: Tx, schedule: Schedule, { due, at, isLate, actor }: Come): void {
  const { dueAt, missed, next } = due;
  const waiting = waitingOf(tx, schedule.id);
  const count = missed + (waiting ? 1 : 0);
  if (waiting) {
    tx.update(firings)
      .set({ dueAt, merged: waiting.merged + count, retryAt: null })
      .where(eq(firings.id, waiting.id))
      .run();
  } else {
    const id = newId(Math.floor(at / 1000));
    const { server } = schedule.definition;
    tx.insert(firings).values({ id, schedule: schedule.id, server, dueAt, merged: missed, state: 'waiting' }).run();
  }
  setNext(tx, schedule.id, next);
  const facts = { dueAt: formatInstant(dueAt), next: next === null ? null : formatInstant(next.startsAt) };
  append(tx, schedule, { type: 'schedule.due', at, data: facts, ...(actor === undefined ? {} : { actor }) });
  if (count === 0 && !isLate) return;
  append(tx, schedule, { type: 'schedule.missed', at, data: { ...facts, missed: count, carriedOut: 'once' } });
}

/** Once for each reason, however often it is tried. */
export function recordDelay(tx: Tx, firing: Firing, { schedule, problem, at, retryAt }: Delay): void {
  const before = firing.problem === null ? null : (JSON.parse(firing.problem) as Problem);
  const change = { problem: JSON.stringify(problem), retryAt };
  tx.update(firings).set(change).where(eq(firings.id, firing.id)).run();
  if (before?.type === problem.type && before.detail === problem.detail) return;
  append(tx, schedule, { type: 'schedule.delayed', at, data: { dueAt: formatInstant(firing.dueAt), problem } });
}

interface Delay {
  readonly schedule: Schedule;
  readonly problem: Problem;
  readonly at: Micros;
  readonly retryAt: Micros;
}

export function recordBegun(tx: Tx, firing: Firing, { schedule, run, at }: Begun): void {
  tx.update(firings)
    .set({ state: 'started', run, problem: null, retryAt: null })
    .where(and(eq(firings.id, firing.id), eq(firings.state, 'waiting')))
    .run();
  append(tx, schedule, { type: 'schedule.started', at, run, data: { dueAt: formatInstant(firing.dueAt) } });
}

interface Begun {
  readonly schedule: Schedule;
  readonly run: string;
  readonly at: Micros;
}

/** It cannot be carried out as it is: a person must look, and the next occurrence tries again. */
export function recordRefused(tx: Tx, firing: Firing, { schedule, problem, at }: Omit<Delay, 'retryAt'>): void {
  tx.update(firings)
    .set({ state: 'refused', problem: JSON.stringify(problem), endedAt: at })
    .where(eq(firings.id, firing.id))
    .run();
  append(tx, schedule, { type: 'schedule.refused', at, data: { dueAt: formatInstant(firing.dueAt), problem } });
}

/** Its run has ended; one that was stopped for a restore of live begins again, or joins the one that waits. */
export function recordEnd(tx: Tx, firing: Firing, { schedule, again, at }: End): void {
  const end = { state: 'ended', endedAt: at } as const;
  const waiting = again ? waitingOf(tx, schedule.id) : undefined;
  if (again && !waiting) {
    const change = { state: 'waiting', preempted: firing.preempted + 1, run: null } as const;
    tx.update(firings).set(change).where(eq(firings.id, firing.id)).run();
    return;
  }
  tx.update(firings).set(end).where(eq(firings.id, firing.id)).run();
  if (waiting) {
    const merged = waiting.merged + 1 + firing.merged;
    tx.update(firings).set({ merged }).where(eq(firings.id, waiting.id)).run();
  }
}

interface End {
  readonly schedule: Schedule;
  readonly again: boolean;
  readonly at: Micros;
}

function waitingOf(reader: Reader, schedule: string): Firing | undefined {
  return reader
    .select()
    .from(firings)
    .where(and(eq(firings.schedule, schedule), eq(firings.state, 'waiting')))
    .get();
}

interface Told {
  readonly type: Extract<EventType, `schedule.${string}`>;
  readonly at: Micros;
  readonly run?: string;
  readonly actor?: Actor;
  readonly data: Readonly<Record<string, unknown>>;
}

function append(
  tx: Tx,
  { id, definition }: Schedule,
  { type, at, run, actor = { kind: 'schedule', id }, data }: Told,
): void {
  const told = { schedule: id, ...data } as Json;
  appendEvent(tx, { type, at, actor, server: definition.server, run: run ?? null, data: told });
}
