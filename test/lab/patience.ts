/** How much slower than a machine at rest a shared one was seen to be, and some more (one suite of 20 minutes took 89). */
const SLOWEST = 8;

/** The time in ms after which something hangs, from the time after which it would on a machine at rest: no limit tells slow from broken there. */
export function patient(limitMs: number): number {
  return limitMs * SLOWEST;
}
