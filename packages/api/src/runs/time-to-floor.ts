import type { Micros } from '@barback/shared/postgres/instant.ts';

export interface Room {
  readonly freeBytes: number;
  readonly at: Micros;
}

/** When a filesystem reaches its floor if it goes on as between two looks; null while it does not shrink. Pure. */
export function secondsToFloor(looks: {
  readonly before: Room;
  readonly now: Room;
  /** What the run itself has put there in between. */
  readonly copied: number;
  readonly floor: number;
}): number | null {
  const { before, now, copied, floor } = looks;
  const seconds = (now.at - before.at) / 1_000_000;
  const grown = before.freeBytes - copied - now.freeBytes;
  if (seconds <= 0 || grown <= 0) return null;
  return Math.max(0, Math.round(((now.freeBytes - floor) * seconds) / grown));
}
