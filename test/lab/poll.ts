import { setTimeout as delay } from 'node:timers/promises';
import { patient } from './patience.ts';

/** Calls `probe` until it returns something other than undefined; fails with `what` after `limitMs`. */
export async function poll<T>(
  what: string | (() => string),
  limitMs: number,
  probe: () => Promise<T | undefined> | T | undefined,
  everyMs = 50,
): Promise<T> {
  const deadline = performance.now() + patient(limitMs);
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() > deadline) {
      throw new Error(`cannot see after ${patient(limitMs)} ms: ${typeof what === 'string' ? what : what()}`);
    }
    await delay(everyMs);
  }
}
