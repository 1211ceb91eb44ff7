import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { archiveWalArguments } from '../barman/argv.ts';
import { markerSql, switchWalSql } from '../postgres/slot-sql.ts';
import { monotonicMs } from '../system/clock.ts';
import { kindOf } from '../system/directory-tree.ts';
import { askJson, liveServer } from './copy-sql.ts';
import type { Call, Handler, Host } from './handler.ts';
import { readProtection, type Protection } from './protection.ts';
import { runBarmanCommand } from './run-barman.ts';

const arrivalMs = 10 * 60_000;
const archiveLimitMs = 5 * 60_000;

export const walSwitch: Handler<'wal-switch'> = {
  async perform(host, _params, call) {
    return switchWal(host, await readProtection(host, call), call);
  },

  /** Another switch costs one segment. */
  observe: () => Promise.resolve({ is: 'absent' }),
};

/** Closes the current segment between two markers and waits until it lies in `wals/`. */
export async function switchWal(host: Host, protection: Protection, call: Call): Promise<Result<'wal-switch'>> {
  const startedAt = monotonicMs();
  await marker(host, call);
  const schema = z.strictObject({ segment: z.string() });
  const { segment } = await askJson(liveServer(host), switchWalSql, schema, call.signal);
  await marker(host, call);
  const archived = path.join(protection.wal.wals, segment.slice(0, 16), segment);
  while ((await kindOf(archived)) !== 'file') {
    if (monotonicMs() - startedAt > arrivalMs) throw notArrived(segment, protection);
    const args = archiveWalArguments(host.server.barman.server);
    // Busy when cron archives at the same time: the file is looked for, not the command's answer.
    await runBarmanCommand(host.server, { args, timeoutMs: archiveLimitMs }, protection.version, call.signal);
    await sleep(500, undefined, { signal: call.signal });
  }
  return { segment, seconds: (monotonicMs() - startedAt) / 1000 };
}

async function marker(host: Host, call: Call): Promise<void> {
  await askJson(liveServer(host), markerSql, z.strictObject({ lsn: z.string() }), call.signal);
}

function notArrived(segment: string, { wal, streaming }: Protection): ProblemError {
  const way = streaming ? `receive-wal (${wal.streaming})` : `archive_command (${wal.incoming})`;
  return new ProblemError('time-limit', `WAL segment ${segment} did not reach Barman within ${arrivalMs / 1000} s`, {
    next: `Look at ${way} with \`barman check\`, and at pg_stat_archiver on live. Live runs and is not protected until WAL arrives.`,
    facts: { segment },
  });
}
