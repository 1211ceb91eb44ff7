import type { Micros } from '@barback/shared/postgres/instant.ts';

/** The wall clock; it may step, so durations are measured with `monotonicMs`. */
export function nowMicros(): Micros {
  return Date.now() * 1000;
}

/** Milliseconds since some moment of this process; never goes backwards. */
export function monotonicMs(): number {
  return performance.now();
}
