import type { Micros } from '@barback/shared/postgres/instant.ts';
import { jitterOf, nextOccurrence, type Calendar } from './occurrences.ts';

/** An occurrence, and when it begins. */
export interface Occurrence {
  readonly dueAt: Micros;
  readonly startsAt: Micros;
}

export interface Timed extends Calendar {
  readonly id: string;
  readonly jitterMinutes: number;
}

export interface Due {
  /** The newest that has come. */
  readonly dueAt: Micros;
  /** How many came before it unnoticed: the api was down, or its clock was set. */
  readonly missed: number;
  readonly next: Occurrence | null;
}

/** More are not counted one by one. */
const missedMax = 1_000;

/** The first occurrence after an instant. Pure. */
export function occurrenceAfter(schedule: Timed, after: Micros): Occurrence | null {
  const dueAt = nextOccurrence(schedule, after);
  return dueAt === null ? null : { dueAt, startsAt: dueAt + jitterOf(schedule.id, dueAt, schedule.jitterMinutes) };
}

/** What has come of a schedule since the occurrence that it waited for; null while that has not begun. Pure. */
export function dueOf(schedule: Timed, waitedFor: Occurrence, now: Micros): Due | null {
  if (waitedFor.startsAt > now) return null;
  let { dueAt } = waitedFor;
  for (let missed = 0; ; missed += 1) {
    const next = occurrenceAfter(schedule, dueAt);
    if (next === null || next.startsAt > now) return { dueAt, missed, next };
    if (missed === missedMax) return { dueAt: next.dueAt, missed, next: occurrenceAfter(schedule, now) };
    ({ dueAt } = next);
  }
}
