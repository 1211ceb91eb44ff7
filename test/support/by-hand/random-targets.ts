import { formatPosition } from './wal-oracle.ts';
import type { AskedTarget } from './expected-answers.ts';
import type { HistoryScene } from './history-scene.ts';

/** A generator of numbers in [0, 1) from a seed (mulberry32), so that a failure can be repeated. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Instants and positions over all of a history and a little beyond both of its ends; many at and beside an end of a transaction. */
export function randomTargets({ oracle, backups }: HistoryScene, count: number, random: () => number): AskedTarget[] {
  const ends = oracle.branches.flatMap((branch) => branch.ends);
  const records = oracle.branches.flatMap((branch) => branch.records);
  const times = [
    (backups[0]?.beginTime ?? 0) - 20_000_000,
    Math.max(...ends.map((end) => end.time)) + 5_000_000,
  ] as const;
  const places = [Math.min(...records), Math.max(...records) + 1_000_000] as const;
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const between = ([from, to]: readonly [number, number]): number => Math.floor(from + random() * (to - from));
  return Array.from({ length: count }, (_, index): AskedTarget => {
    const beside = Math.floor(random() * 3) - 1;
    switch (index % 4) {
      case 0:
        return { time: between(times) };
      case 1:
        return { time: (pick(ends)?.time ?? 0) + beside };
      case 2:
        return { lsn: between(places) };
      default:
        return { lsn: Math.max(0, (pick(records) ?? 0) + beside) };
    }
  });
}

/** As PostgreSQL takes it in `recovery_target_…`. */
export function settingsOf(target: AskedTarget): Record<string, string> {
  if ('lsn' in target) return { recovery_target_lsn: formatPosition(target.lsn), recovery_target_inclusive: 'on' };
  return { recovery_target_time: instantText(target.time).replace('T', ' ').replace('Z', '+00') };
}

/** As `GET …/reachable` takes it. */
export function queryOf(target: AskedTarget): string {
  return 'lsn' in target ? `lsn=${formatPosition(target.lsn)}` : `time=${instantText(target.time)}`;
}

function instantText(micros: number): string {
  const whole = Math.floor(micros / 1_000_000);
  return `${new Date(whole * 1000).toISOString().slice(0, 19)}.${String(micros - whole * 1_000_000).padStart(6, '0')}Z`;
}
