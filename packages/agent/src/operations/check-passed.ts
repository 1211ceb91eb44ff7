import { setTimeout as sleep } from 'node:timers/promises';
import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { monotonicMs } from '../system/clock.ts';
import { runCheck } from './barman-check.ts';
import type { Handler } from './handler.ts';
import { requireBarman } from './run-barman.ts';

/** `receive-wal` and the slot fail for some seconds after live or receive-wal started: cron comes once a minute, twice must do. */
const settleMs = 150_000;
const everyMs = 1_000;

type Check = Result<'check-passed'>['checks'][number];

export const checkPassed: Handler<'check-passed'> = {
  async perform(host, { tolerate }, call) {
    const startedAt = monotonicMs();
    const version = await requireBarman(host.server, call.signal);
    for (;;) {
      const { checks } = await runCheck(host.server, version, call.signal);
      const failed = checks.filter((one) => !one.ok && !tolerate.includes(one.name));
      const seconds = (monotonicMs() - startedAt) / 1000;
      if (failed.length === 0) return { checks, seconds };
      if (seconds * 1000 > settleMs) throw notPassed(host.server.barman.server, failed, tolerate.length > 0);
      await sleep(everyMs, undefined, { signal: call.signal });
    }
  },

  /** Asking again changes nothing. */
  observe: () => Promise.resolve({ is: 'absent' }),
};

/** Some failures are tolerated where there is nothing yet that could be protected. */
function notPassed(server: string, failed: readonly Check[], isBefore: boolean): ProblemError {
  const told = failed.map((one) => `${one.name} (${one.hint || 'no hint'})`);
  const state = isBefore
    ? 'Nothing of this host was changed.'
    : 'Live runs and is open; whether its WAL is archived is not proven.';
  return new ProblemError('barman-failed', `checks of Barman still fail: ${told.join(', ')}`, {
    next: `Remedy what they name, then look again: barman check ${server}. ${state}`,
    facts: { failedChecks: failed.map((one) => one.name) },
  });
}
