import type { Json } from '@barback/shared/wire/json.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Call } from '../operations/handler.ts';

/** Work inside the executor with a limit: a handler that does not heed its signal is not waited for. */
export async function limited<T>(
  what: { op: string; opid: string; plan: string | null; limitMs: number; signal: AbortSignal },
  work: (call: Call) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      stop.abort();
      reject(new ProblemError('time-limit', `cannot finish ${what.op} within its limit of ${what.limitMs / 1000} s`));
    }, what.limitMs);
  });
  // Reads have no progress and no log of their own: their receipt is their record.
  const ignore = (_line: string, _facts?: Json) => undefined;
  const signal = AbortSignal.any([stop.signal, what.signal]);
  try {
    return await Promise.race([
      work({ opid: what.opid, plan: what.plan, signal, progress: () => undefined, log: ignore }),
      overdue,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** The problem of a host that has enough to do. */
export function tooBusy(): ProblemError {
  return new ProblemError('agent-unavailable', 'cannot take another read now: too many are waiting already', {
    next: 'try again in a few seconds',
    facts: { reason: 'concurrency' } satisfies Record<string, Json>,
  });
}
