import { formatInstant, parseInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { describe, expect, test } from 'vitest';
import { dueOf, occurrenceAfter } from './due.ts';
import { cronProblem, jitterOf, leavesRoom, nextOccurrence, quietUntil, timeZoneProblem } from './occurrences.ts';

function at(text: string): Micros {
  const parsed = parseInstant(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.micros;
}

const short = (instant: Micros | null): string | null =>
  instant === null ? null : formatInstant(instant).slice(0, 16);

function following(cron: string, timeZone: string, from: string, count: number): (string | null)[] {
  const found: (string | null)[] = [];
  for (let now = at(from); found.length < count; ) {
    const next = nextOccurrence({ cron, timeZone }, now);
    found.push(short(next));
    now = next ?? now;
  }
  return found;
}

describe('an occurrence', () => {
  test('that clocks leave out comes once behind the gap, and one that they repeat comes once', () => {
    expect(following('30 2 * * *', 'Europe/Berlin', '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T01:30',
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ]);
    expect(following('30 2 * * *', 'Europe/Berlin', '2026-10-23T12:00:00Z', 3)).toEqual([
      '2026-10-24T00:30',
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
  });

  test('of every hour comes every hour on both days', () => {
    expect(following('0 * * * *', 'Europe/Berlin', '2026-10-24T22:30:00Z', 4)).toEqual([
      '2026-10-24T23:00',
      '2026-10-25T00:00',
      '2026-10-25T01:00',
      '2026-10-25T02:00',
    ]);
    expect(following('0 * * * *', 'Europe/Berlin', '2026-03-28T23:30:00Z', 3)).toEqual([
      '2026-03-29T00:00',
      '2026-03-29T01:00',
      '2026-03-29T02:00',
    ]);
  });

  test('is later than the instant that is asked about, to the microsecond', () => {
    const time = at('2026-05-01T03:00:00Z');
    expect(short(nextOccurrence({ cron: '0 3 1 * *', timeZone: 'UTC' }, time - 1))).toBe('2026-05-01T03:00');
    expect(short(nextOccurrence({ cron: '0 3 1 * *', timeZone: 'UTC' }, time))).toBe('2026-06-01T03:00');
  });

  test.each([
    ['61 * * * *', /minute/],
    ['* * * * * *', /5 parts/],
    ['0 0 31 2 *', /never/],
    ['tomorrow', /minute, hour/],
    ['', /minute, hour/],
  ])('cannot be written as %s', (cron, says) => {
    expect(cronProblem(cron)).toMatch(says);
  });

  test('needs a time zone that exists', () => {
    expect([timeZoneProblem('Europe/Berlin'), timeZoneProblem('Mars/One') === null]).toEqual([null, false]);
  });

  test('begins later by its jitter: the same each time, spread over the schedules, never more than asked for', () => {
    const delays = Array.from({ length: 200 }, (_, index) => jitterOf(`s${index}`, at('2026-05-01T03:00:00Z'), 30));
    expect(jitterOf('s1', at('2026-05-01T03:00:00Z'), 30)).toBe(delays[1]);
    expect(Math.max(...delays)).toBeLessThan(30 * 60_000_000);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(25 * 60_000_000);
    expect(jitterOf('s1', 1, 0)).toBe(0);
  });
});

describe('what has come', () => {
  const daily = { id: 's', cron: '0 3 * * *', timeZone: 'UTC', jitterMinutes: 0 };

  test('is nothing before it begins, and afterwards the newest, with the count of those that were missed', () => {
    const waited = occurrenceAfter(daily, at('2026-05-01T00:00:00Z'));
    if (!waited) throw new Error('there is no occurrence');
    expect(dueOf(daily, waited, at('2026-05-01T02:59:59Z'))).toBeNull();
    expect(dueOf(daily, waited, at('2026-05-01T03:00:00Z'))).toMatchObject({ missed: 0 });
    const late = dueOf(daily, waited, at('2026-05-04T12:00:00Z'));
    expect([short(late?.dueAt ?? null), late?.missed, short(late?.next?.dueAt ?? null)]).toEqual([
      '2026-05-04T03:00',
      3,
      '2026-05-05T03:00',
    ]);
  });

  test('is not counted for ever when an api comes back after years', () => {
    const often = { ...daily, cron: '* * * * *' };
    const waited = occurrenceAfter(often, at('2020-01-01T00:00:00Z'));
    if (!waited) throw new Error('there is no occurrence');
    const due = dueOf(often, waited, at('2026-01-01T00:00:00Z'));
    expect([due?.missed, short(due?.next?.dueAt ?? null)]).toEqual([1_000, '2026-01-01T00:01']);
  });
});

describe('quiet hours', () => {
  const day = [{ from: '08:00', to: '20:00' }];
  const night = [{ from: '22:00', to: '06:00' }];
  const until = (all: typeof day, text: string): string | null => short(quietUntil(all, 'Europe/Berlin', at(text)));

  test('end when they say, in their time zone, over midnight too', () => {
    expect(until(day, '2026-05-01T05:59:00Z')).toBeNull();
    expect(until(day, '2026-05-01T06:00:00Z')).toBe('2026-05-01T18:00');
    expect(until(day, '2026-05-01T18:00:00Z')).toBeNull();
    expect(until(night, '2026-05-01T21:00:00Z')).toBe('2026-05-02T04:00');
    expect(until(night, '2026-05-02T03:59:00Z')).toBe('2026-05-02T04:00');
  });

  test('that follow each other are one, and must leave a minute of the day', () => {
    const all = [...day, { from: '20:00', to: '22:00' }];
    expect(until(all, '2026-05-01T10:00:00Z')).toBe('2026-05-01T20:00');
    expect(leavesRoom(all)).toBe(true);
    expect(
      leavesRoom([
        { from: '06:00', to: '18:00' },
        { from: '18:00', to: '06:00' },
      ]),
    ).toBe(false);
  });
});
