import { setTimeout as delay } from 'node:timers/promises';

/** Looks until there is something to see; undefined when the limit has passed. Ends at once when told to. */
export async function waitFor<T>(
  how: { readonly limitMs: number; readonly everyMs: number; readonly signal: AbortSignal },
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const limit = AbortSignal.timeout(how.limitMs);
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (limit.aborted) return undefined;
    await delay(how.everyMs, undefined, { signal: how.signal });
  }
}
