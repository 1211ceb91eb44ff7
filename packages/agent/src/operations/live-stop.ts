import { setTimeout as sleep } from 'node:timers/promises';
import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { ControlData } from '../postgres/control-data.ts';
import { monotonicMs } from '../system/clock.ts';
import { kindOf } from '../system/directory-tree.ts';
import { isAlive, type ProcessIdentity } from '../system/process-table.ts';
import { requirePlan } from './backup-lease.ts';
import { readControlData } from './control-data.ts';
import type { Call, Handler, Host } from './handler.ts';
import { heldBy, holdLive, releaseByHand } from './hold.ts';
import { liveProcess, liveWorkers, untilBuried, type LiveWorker } from './live-process.ts';
import { askToStop } from './live-control.ts';

export const liveStop: Handler<'live-stop'> = {
  async perform(host, { deadlineMs }, call) {
    const startedAt = monotonicMs();
    await liveProcess(host);
    // Before the stop: nobody may start it between its end and what comes next. It disturbs no server that runs.
    await holdLive(host, requirePlan(call));
    const running = await liveProcess(host);
    if (running) await stopFast(host, running, deadlineMs, call);
    await requireEnded(host);
    return resultOf(host, { wasRunning: running !== undefined, startedAt }, call);
  },

  async observe(host, _params, call) {
    const isHeld = (await heldBy(host)) === requirePlan(call);
    if (!isHeld || (await liveWorkers(host)).length > 0) return { is: 'absent' };
    const control = await controlIfReadable(host, call);
    return { is: 'complete', result: resultFrom(control, { wasRunning: true, startedAt: monotonicMs() }) };
  },
};

interface Begun {
  readonly wasRunning: boolean;
  readonly startedAt: number;
}

/** A fast stop ends every session and writes a shutdown checkpoint; immediate mode is never used: it would lose what is not on disk. */
async function stopFast(host: Host, running: ProcessIdentity, deadlineMs: number, call: Call): Promise<void> {
  await askToStop(host, running, call);
  const deadline = monotonicMs() + deadlineMs;
  while (await isAlive(running)) {
    if (monotonicMs() > deadline) throw await stillStopping(host, running, deadlineMs);
    await sleep(15);
  }
}

async function stillStopping(host: Host, { pid }: ProcessIdentity, deadlineMs: number): Promise<ProblemError> {
  const workers = await liveWorkers(host);
  const blocking = workers.filter((one) => one.pid !== pid);
  return new ProblemError(
    'time-limit',
    `PostgreSQL is shutting down, takes no new sessions and has not ended within ${Math.round(deadlineMs / 1000)} s: ${titlesOf(blocking)}`,
    {
      next: `it is started again as soon as it has ended. Look at what these processes wait for: a disk, a debugger, or a walsender whose client does not confirm. Live is held; ${releaseByHand(host)}.`,
      facts: { processes: workers.map((one) => ({ ...one })) },
    },
  );
}

/** Sessions notice the death of their server at once, but not what they wait for in the kernel. */
async function requireEnded(host: Host): Promise<void> {
  const deadline = monotonicMs() + 5_000;
  for (;;) {
    const workers = await liveWorkers(host);
    if (workers.length === 0) break;
    if (monotonicMs() > deadline) {
      throw new ProblemError('postgres-failed', `the server is dead and its processes are not: ${titlesOf(workers)}`, {
        next: `they may still write: end them before anything else. Live is held; ${releaseByHand(host)}.`,
        facts: { processes: workers.map((one) => ({ ...one })) },
      });
    }
    await sleep(20);
  }
  await untilBuried(host);
}

function titlesOf(workers: readonly LiveWorker[]): string {
  return workers.map((one) => `${one.pid} ${one.title}`).join('; ') || 'none of its processes is left but itself';
}

async function resultOf(host: Host, begun: Begun, call: Call): Promise<Result<'live-stop'>> {
  const control = begun.wasRunning ? await controlOf(host, call) : await controlIfReadable(host, call);
  if (begun.wasRunning && control?.state !== 'shut down' && control?.state !== 'shut down in recovery') {
    throw new ProblemError('postgres-failed', `live ended, but not cleanly: ${control?.state ?? 'no pg_control'}`, {
      next: `look at its log; a start recovers it. Live is held; ${releaseByHand(host)}.`,
      facts: { state: control?.state ?? null },
    });
  }
  return resultFrom(control, begun);
}

function resultFrom(control: ControlData | null, { wasRunning, startedAt }: Begun): Result<'live-stop'> {
  return {
    wasRunning,
    state: control?.state ?? null,
    timeline: control?.timeline ?? null,
    checkpointLsn: control?.checkpointLsn ?? null,
    seconds: (monotonicMs() - startedAt) / 1000,
  };
}

async function controlOf(host: Host, call: Call): Promise<ControlData | null> {
  const { dataDirectory, user } = host.server.postgres;
  if ((await kindOf(`${dataDirectory}/global/pg_control`)) !== 'file') return null;
  return readControlData(host, dataDirectory, user ?? null, call.signal);
}

/** A cluster that did not run may be damaged: that it cannot be read is a fact then (T32). */
async function controlIfReadable(host: Host, call: Call): Promise<ControlData | null> {
  return controlOf(host, call).catch((error: unknown) => {
    if (!(error instanceof ProblemError) || call.signal.aborted) throw error;
    call.log(`pg_control of live cannot be read: ${error.message}`);
    return null;
  });
}
