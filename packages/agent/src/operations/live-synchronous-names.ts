import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { monotonicMs } from '../system/clock.ts';
import { requirePlan } from './backup-lease.ts';
import { askJson, liveServer, shortLimits, sqlProgram } from './copy-sql.ts';
import { executeOk } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';
import { formerNames } from './synchronous-names.ts';

const namesSql = "SELECT to_json(current_setting('synchronous_standby_names'));";

/** A reload reaches the server at once, and new sessions a moment later. */
const reloadMs = 30_000;

export const liveSynchronousNames: Handler<'live-synchronous-names'> = {
  async perform(host, _params, call) {
    const former = await formerNames(host, requirePlan(call));
    // Set by the configuration file when postgresql.auto.conf did not say it.
    const statement =
      former === null
        ? 'ALTER SYSTEM RESET synchronous_standby_names;'
        : `ALTER SYSTEM SET synchronous_standby_names = E'${former.replaceAll('\\', '\\\\').replaceAll("'", "''")}';`;
    const sql = `${statement}\nSELECT pg_reload_conf();`;
    await executeOk(sqlProgram(liveServer(host), sql, shortLimits), call.signal, 'postgres-failed');
    return { synchronousStandbyNames: await waitForNames(host, call) };
  },

  async observe(host, _params, call) {
    const names = await askJson(liveServer(host), namesSql, z.string(), call.signal);
    return names === '' ? { is: 'absent' } : { is: 'complete', result: { synchronousStandbyNames: names } };
  },
};

async function waitForNames(host: Host, call: Call): Promise<string> {
  const deadline = monotonicMs() + reloadMs;
  for (;;) {
    const names = await askJson(liveServer(host), namesSql, z.string(), call.signal);
    if (names !== '') return names;
    if (monotonicMs() > deadline) {
      throw new ProblemError('postgres-failed', 'synchronous_standby_names is still empty after a reload', {
        next: 'live runs and is open; set it by hand: ALTER SYSTEM SET synchronous_standby_names = …; SELECT pg_reload_conf();',
      });
    }
    await sleep(100, undefined, { signal: call.signal });
  }
}
