import type { Micros } from '@barback/shared/postgres/instant.ts';

/** The only source of time in the api. */
export interface Clock {
  now(): Micros;
}

/** The wall clock; the operating system gives it in milliseconds to JavaScript. */
export const systemClock: Clock = { now: () => Date.now() * 1000 };
