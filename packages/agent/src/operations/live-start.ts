import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { monotonicMs } from '../system/clock.ts';
import { kindOf } from '../system/directory-tree.ts';
import { isAlive, signalProcess, type ProcessIdentity } from '../system/process-table.ts';
import { askJson, liveServer } from './copy-sql.ts';
import { executeOk } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';
import { releaseLive } from './hold.ts';
import { startLogOf } from './live-control.ts';
import { watchFrom } from './live-steady.ts';
import { liveProcess, liveStatus, liveWorkers, untilBuried } from './live-process.ts';
import { requireTime, startLive, untilReady, type Start, type Timing } from './start-live.ts';

const openSchema = z.strictObject({ systemIdentifier: z.string(), timeline: z.int(), lsn: z.string() }).nullable();

/** Null in recovery. The timeline from the name of the current file: pg_control has it only after the checkpoint that follows. */
const openSql = `SELECT CASE WHEN pg_is_in_recovery() THEN 'null' ELSE json_build_object(
  'systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()),
  'timeline', ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int,
  'lsn', pg_current_wal_lsn()::text) END;`;

export const liveStart: Handler<'live-start'> = {
  async perform(host, { deadlineMs }, call) {
    const timing = { deadlineMs, startedAt: monotonicMs() };
    const before = await runningBefore(host, timing);
    await releaseLive(host);
    const { start, pid } = before ? await watched(host, before, timing, call) : await startFresh(host, timing, call);
    const open = await untilOpen(start, pid);
    await settleAfterUndo(host, pid, call);
    if (call.plan !== null) await watchFrom(host, call.plan, pid);
    const seconds = (monotonicMs() - timing.startedAt) / 1000;
    return { wasRunning: before !== undefined, pid: pid.pid, ...open, seconds };
  },

  /** Performing again looks whether it runs before it starts anything. */
  observe: () => Promise.resolve({ is: 'absent' }),
};

/**
 * A server that was told to stop takes nobody any more: its end is waited for, then it is started again. The last that it does is
 * to remove postmaster.pid (15, miscinit.c, UnlinkLockFiles), so one that lives without that file is about to end, too.
 */
async function runningBefore(host: Host, { deadlineMs, startedAt }: Timing): Promise<ProcessIdentity | undefined> {
  for (;;) {
    const running = await liveProcess(host);
    if (!running) return undefined;
    const status = await liveStatus(host);
    if (status !== null && status !== 'stopping' && (await isAlive(running))) return running;
    if (monotonicMs() - startedAt > deadlineMs) {
      const workers = await liveWorkers(host);
      throw new ProblemError(
        'time-limit',
        `live was told to stop and has not ended within ${Math.round(deadlineMs / 1000)} s, so it cannot be started again yet`,
        {
          next: 'look at what its processes wait for and end those; then let the run try again. Nobody can connect meanwhile.',
          facts: { processes: workers.map((one) => ({ ...one })) },
        },
      );
    }
    await sleep(20);
  }
}

interface Started {
  readonly start: Start;
  readonly pid: ProcessIdentity;
}

async function startFresh(host: Host, timing: Timing, call: Call): Promise<Started> {
  const { dataDirectory } = host.server.postgres;
  const needed = await Promise.all(
    ['PG_VERSION', 'global/pg_control'].map((name) => kindOf(path.join(dataDirectory, name))),
  );
  if (needed.some((kind) => kind !== 'file')) {
    throw new ProblemError('postgres-failed', `there is no cluster at ${dataDirectory}: nothing was started`, {
      next: 'look on the host: barback-agent rescue status says where the directories are',
    });
  }
  await untilBuried(host);
  return startLive(host, timing, call);
}

async function watched(host: Host, pid: ProcessIdentity, timing: Timing, call: Call): Promise<Started> {
  return { start: { host, call, timing, said: '/dev/null', log: await startLogOf(host) }, pid };
}

/** `ready` in its pid file says that it takes connections, in recovery too (15, postmaster.c, PMSIGNAL_BEGIN_HOT_STANDBY). */
async function untilOpen(start: Start, pid: ProcessIdentity): Promise<NonNullable<z.infer<typeof openSchema>>> {
  for (;;) {
    await untilReady(start, pid);
    const open = await askJson(liveServer(start.host), openSql, openSchema, start.call.signal).catch(
      async (error: unknown) => {
        // Whoever dies meanwhile has said why in its log.
        if (await isAlive(pid)) throw error;
        return null;
      },
    );
    if (open) return open;
    await requireTime(start);
    await sleep(20, undefined, { signal: start.call.signal });
  }
}

/** An undo opens a cluster with settings that end a recovery at once: its own come back now. */
async function settleAfterUndo(host: Host, running: ProcessIdentity, call: Call): Promise<void> {
  const { dataDirectory, user } = host.server.postgres;
  const file = path.join(dataDirectory, 'postgresql.auto.conf');
  if ((await kindOf(`${file}.barback`)) !== 'file') return;
  for (const argv of [
    ['/usr/bin/mv', '-T', '--', `${file}.barback`, file],
    ['/usr/bin/sync', '--', dataDirectory],
  ]) {
    await executeOk({ argv, user: user ?? null, timeoutMs: 30_000 }, call.signal, 'postgres-failed');
  }
  await signalProcess(running, 'SIGHUP');
}
