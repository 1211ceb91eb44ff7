import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../system/clock.ts';

const intervalMs = 500;

/**
 * Measures every now and then while work goes on and reports what it finds. Measuring takes at most a tenth of the time, so a
 * walk over a million files does not compete with the copy that it watches.
 */
export async function whileReporting<T>(
  measure: () => Promise<number>,
  report: (bytes: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  const done = new AbortController();
  const reporting = (async () => {
    while (!done.signal.aborted) {
      const startedAt = monotonicMs();
      // A directory may change under the walk: the next one will do.
      await measure().then(report, () => undefined);
      const pause = Math.max(intervalMs, 9 * (monotonicMs() - startedAt));
      await sleep(pause, undefined, { signal: done.signal }).catch(() => undefined);
    }
  })();
  try {
    return await work();
  } finally {
    done.abort();
    await reporting;
  }
}
