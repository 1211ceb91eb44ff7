import { bytes, duration } from './units.ts';

const width = 20;

export interface Progress {
  readonly phase: string;
  readonly bytes: number;
  readonly totalBytes: number | null;
  readonly bytesPerSecond: number;
  readonly secondsLeft: number | null;
}

/** `copy [#####...............] 25 %, 512.0 MiB of 2.0 GiB, 120.0 MiB/s, 13 s left`; without a total only what is done. */
export function progressBar({ phase, bytes: done, totalBytes, bytesPerSecond, secondsLeft }: Progress): string {
  const rate = bytesPerSecond > 0 ? `, ${bytes(Math.round(bytesPerSecond))}/s` : '';
  if (totalBytes === null || totalBytes === 0) return `${phase} ${bytes(done)}${rate}`;
  const share = Math.min(1, done / totalBytes);
  const filled = Math.floor(share * width);
  const bar = '#'.repeat(filled).padEnd(width, '.');
  const left = secondsLeft === null || share === 1 ? '' : `, ${duration(secondsLeft)} left`;
  return `${phase} [${bar}] ${Math.floor(share * 100)} %, ${bytes(done)} of ${bytes(totalBytes)}${rate}${left}`;
}
