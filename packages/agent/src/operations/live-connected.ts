import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { sessionsOfRoleSql } from '../postgres/fence-sql.ts';
import { monotonicMs } from '../system/clock.ts';
import { askJson, liveServer } from './copy-sql.ts';
import type { Handler } from './handler.ts';

const everyMs = 500;

export const liveConnected: Handler<'live-connected'> = {
  async perform(host, { role, deadlineMs }, call) {
    const startedAt = monotonicMs();
    for (;;) {
      const sessions = await askJson(liveServer(host), sessionsOfRoleSql(role), z.int(), call.signal);
      const took = monotonicMs() - startedAt;
      if (sessions > 0) return { sessions, seconds: took / 1000 };
      if (took > deadlineMs) throw nobody(role, deadlineMs);
      await sleep(everyMs, undefined, { signal: call.signal });
    }
  },

  /** Asking again changes nothing. */
  observe: () => Promise.resolve({ is: 'absent' }),
};

function nobody(role: string, deadlineMs: number): ProblemError {
  return new ProblemError('application-failed', `nobody is connected as ${role} after ${deadlineMs / 1000} s`, {
    next: 'The database is restored and open. Look at the log of the application: it may reach another host (Swarm puts former settings back when new tasks die, and Dokploy goes on saying "done"), or be kept out by pg_hba.conf or a firewall. Then resume the run.',
    facts: { role },
  });
}
