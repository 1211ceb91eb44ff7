import { formatInstant, parseInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import type { Target } from '@barback/shared/postgres/target.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { WindowView } from '../window/window-schema.ts';
import type { DrillTarget } from './schedule-definition.ts';

/** What a drill is planned with. */
export interface ChosenTarget {
  readonly target: Target;
  readonly backup?: string;
}

type Known = Pick<WindowView, 'server' | 'intervals' | 'backups'>;

/** The target of one drill out of what can be restored now; `random` gives numbers from 0 to below 1. Pure. */
export function chooseTarget(wanted: DrillTarget, window: Known, random: () => number): ChosenTarget {
  switch (wanted.type) {
    case 'random-instant':
      return { target: randomInstant(window, random) };
    case 'random-backup':
      return { target: { type: 'immediate' }, backup: pick(backupsOf(window), random, window) };
    case 'longest-replay':
      return longestReplay(window);
    default:
      return { target: wanted };
  }
}

/** Every instant of the window is as likely as every other. */
function randomInstant(window: Known, random: () => number): Target {
  const spans = window.intervals.flatMap(({ timeline, from, to }) => {
    const begin = micros(from.time);
    const end = micros(to.lastCommit?.time ?? null);
    return begin === null || end === null || end <= begin ? [] : [{ timeline, begin, length: end - begin }];
  });
  const whole = spans.reduce((sum, one) => sum + one.length, 0);
  let at = random() * whole;
  for (const { timeline, begin, length } of spans) {
    if (at < length) return { type: 'time', time: formatInstant(begin + Math.floor(at)), timeline };
    at -= length;
  }
  throw nothingYet(window);
}

/** By WAL between the ends of two backups that follow each other, and from the newest to the end. */
function longestReplay(window: Known): ChosenTarget {
  const ways = window.intervals.flatMap((interval) => {
    const ends = interval.backups.flatMap((id) => endOf(window, id)).toSorted((a, b) => a.position - b.position);
    return ends.map(({ id, position }, index) => {
      const next = ends[index + 1];
      const to = next?.position ?? lsnToNumber(interval.to.lsn);
      const target: Target =
        next === undefined
          ? { type: 'latest' }
          : { type: 'lsn', lsn: next.lsn, inclusive: false, timeline: interval.timeline };
      return { backup: id, bytes: to - position, target };
    });
  });
  const [longest] = ways.toSorted((a, b) => b.bytes - a.bytes);
  if (longest === undefined) throw nothingYet(window);
  return { backup: longest.backup, target: longest.target };
}

function endOf({ backups }: Known, id: string) {
  const lsn = backups.find((one) => one.id === id)?.endLsn ?? null;
  return lsn === null ? [] : [{ id, lsn, position: lsnToNumber(lsn) }];
}

function backupsOf({ intervals, backups }: Known): string[] {
  const usable = new Set(intervals.flatMap((one) => one.backups));
  return backups.filter(({ id }) => usable.has(id)).map(({ id }) => id);
}

function pick(all: readonly string[], random: () => number, window: Known): string {
  const one = all[Math.floor(random() * all.length)];
  if (one === undefined) throw nothingYet(window);
  return one;
}

function micros(text: string | null): Micros | null {
  const parsed = text === null ? null : parseInstant(text);
  return parsed?.ok === true ? parsed.micros : null;
}

function nothingYet({ server }: Known): ProblemError {
  return new ProblemError('target-unreachable', `nothing of ${server} can be restored that a drill could choose from`, {
    next: `Read why: GET /v1/servers/${server}/window`,
  });
}
