import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { sha256Hex } from '@barback/shared/wire/jws.ts';
import { Cron } from 'croner';

/** A year with no occurrence means that there is none: the 31st of February. */
const probe = '2026-01-01T00:00:00Z';

/** Why a cron expression cannot be used; null when it can. */
export function cronProblem(cron: string): string | null {
  try {
    if (new Cron(cron, { mode: '5-part', timezone: 'UTC' }).nextRun(probe) !== null) return null;
    return 'this never comes';
  } catch (error) {
    return `write minute, hour, day of the month, month and day of the week: ${messageOf(error)}`;
  }
}

export function timeZoneProblem(timeZone: string): string | null {
  try {
    Intl.DateTimeFormat('en', { timeZone }).resolvedOptions();
    return null;
  } catch {
    return 'write a time zone such as Europe/Berlin or UTC';
  }
}

export interface Calendar {
  readonly cron: string;
  readonly timeZone: string;
}

/**
 * The first occurrence after an instant. Where clocks go forward over a time of day, it comes at the first one behind the gap; where
 * they go back, it comes once, unless it is meant for every hour or minute (croner 11). Pure.
 */
export function nextOccurrence({ cron, timeZone }: Calendar, after: Micros): Micros | null {
  // Its precision is a second: rounded down, the next one is still later.
  const second = `${formatInstant(after).slice(0, 19)}Z`;
  const next = new Cron(cron, { mode: '5-part', timezone: timeZone }).nextRun(second);
  return next === null ? null : next.getTime() * 1000;
}

/** How much later an occurrence begins: spread over the servers, the same however often it is asked. Pure. */
export function jitterOf(schedule: string, occurrence: Micros, minutesMax: number): Micros {
  if (minutesMax === 0) return 0;
  const share = Number.parseInt(sha256Hex(`${schedule} ${occurrence}`).slice(0, 12), 16) / 0x1_0000_0000_0000;
  return Math.floor(share * minutesMax * 60) * 1_000_000;
}

/** The next beginning of a time of day after an instant. Pure. */
function nextTimeOfDay(clock: string, timeZone: string, after: Micros): Micros {
  const [hour = '', minute = ''] = clock.split(':');
  const next = nextOccurrence({ cron: `${Number(minute)} ${Number(hour)} * * *`, timeZone }, after);
  if (next === null) throw new Error(`there is no ${clock} in ${timeZone}`);
  return next;
}

/** Times of day, `22:00`; from one that is later than `to` they go on over midnight. */
export interface QuietHours {
  readonly from: string;
  readonly to: string;
}

/** When the quiet hours end that an instant lies in; null when it lies in none. Hours that follow each other are one. Pure. */
export function quietUntil(all: readonly QuietHours[], timeZone: string, now: Micros): Micros | null {
  let until: Micros | null = null;
  for (let hops = 0; hops <= all.length; hops += 1) {
    const end = endOfQuiet(all, timeZone, until ?? now);
    if (end === null) return until;
    until = end;
  }
  return until;
}

/** Within them the end comes before they begin again. */
function endOfQuiet(all: readonly QuietHours[], timeZone: string, now: Micros): Micros | null {
  const ends = all.flatMap(({ from, to }) => {
    const end = nextTimeOfDay(to, timeZone, now);
    return nextTimeOfDay(from, timeZone, now) > end ? [end] : [];
  });
  return ends.length === 0 ? null : Math.max(...ends);
}

/** Whether there is a minute of the day that is not quiet. Pure. */
export function leavesRoom(all: readonly QuietHours[]): boolean {
  const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
  const isQuiet = (minute: number): boolean =>
    all.some(({ from, to }) => {
      const [begin, end] = [minuteOf(from), minuteOf(to)];
      return begin < end ? begin <= minute && minute < end : minute >= begin || minute < end;
    });
  return Array.from({ length: 1440 }, (_, minute) => minute).some((minute) => !isQuiet(minute));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
