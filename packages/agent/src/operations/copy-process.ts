import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { parsePostmasterPid } from '../postgres/postmaster-pid.ts';
import { monotonicMs } from '../system/clock.ts';
import { readIfExists } from '../system/files.ts';
import { isSameFile, linkTarget } from '../system/look-at-file.ts';
import { isAlive, processIdentity, type ProcessIdentity } from '../system/process-table.ts';
import { abortReason } from './execute.ts';
import type { ScratchPlace } from './scratch-place.ts';

/**
 * The running server of a data directory: named by its postmaster.pid, proven by its working directory, which PostgreSQL sets
 * to the data directory. A file left over, or a number used again, proves nothing.
 */
export async function serverProcess(dataDirectory: string): Promise<ProcessIdentity | undefined> {
  const text = await readIfExists(path.join(dataDirectory, 'postmaster.pid')).catch(() => undefined);
  const named = text === undefined ? undefined : parsePostmasterPid(text);
  if (!named) return undefined;
  const identity = await processIdentity(named.pid);
  if (!identity || !(await worksIn(named.pid, dataDirectory))) return undefined;
  return identity;
}

async function worksIn(pid: number, dataDirectory: string): Promise<boolean> {
  const program = (await linkTarget(`/proc/${pid}/exe`))?.replace(/ \(deleted\)$/, '');
  return path.basename(program ?? '') === 'postgres' && (await isSameFile(`/proc/${pid}/cwd`, dataDirectory));
}

/** The running server of the plan's copy, if any. */
export async function copyProcess(place: ScratchPlace): Promise<ProcessIdentity | undefined> {
  return serverProcess(place.pgdata);
}

export async function requireCopyProcess(place: ScratchPlace): Promise<ProcessIdentity> {
  const found = await copyProcess(place);
  if (found) return found;
  throw new ProblemError('postgres-failed', `the copy of plan ${place.plan} does not run`, {
    next: 'look at its log, then start it again or discard it',
    facts: { log: place.log },
  });
}

const fastMs = 120_000;
const immediateMs = 30_000;

const cleanStopMs = 15 * 60_000;

/** A fast stop and nothing harder: what ends otherwise is not shut down cleanly, and cannot take live's place. */
export async function stopCleanly(identity: ProcessIdentity, plan: string, signal: AbortSignal): Promise<void> {
  process.kill(identity.pid, 'SIGINT');
  const deadline = monotonicMs() + cleanStopMs;
  while (await isAlive(identity)) {
    if (signal.aborted) throw abortReason(signal);
    if (monotonicMs() > deadline) {
      throw new ProblemError(
        'time-limit',
        `the copy of plan ${plan} is still shutting down after ${cleanStopMs / 60_000} minutes`,
        {
          next: 'look at its log and at the load of the host; the seal goes on where it was when it is asked again',
        },
      );
    }
    await sleep(50);
  }
}

/** Stops the copy: fast, then immediate, then KILL; each signal goes only to the process that is proven to be the copy. */
export async function stopCopy(place: ScratchPlace): Promise<boolean> {
  const stopped = await Promise.all([place.pgdata, place.next].map((directory) => stopServer(directory, place.plan)));
  return stopped.includes(true);
}

async function stopServer(dataDirectory: string, plan: string): Promise<boolean> {
  const identity = await serverProcess(dataDirectory);
  if (!identity) return false;
  const stages: readonly (readonly [NodeJS.Signals, number])[] = [
    ['SIGINT', fastMs],
    ['SIGQUIT', immediateMs],
    ['SIGKILL', immediateMs],
  ];
  for (const [signal, waitMs] of stages) {
    if (!(await isAlive(identity))) break;
    process.kill(identity.pid, signal);
    // A stopped process acts on a signal only when it goes on.
    if (signal === 'SIGINT') process.kill(identity.pid, 'SIGCONT');
    if (await endsWithin(identity, waitMs)) return true;
  }
  if (!(await isAlive(identity))) return true;
  throw new ProblemError('postgres-failed', `cannot stop the copy of plan ${plan}: process ${identity.pid} stays`, {
    next: 'it is probably waiting for its disk: look at the host',
  });
}

async function endsWithin(identity: ProcessIdentity, waitMs: number): Promise<boolean> {
  const deadline = monotonicMs() + waitMs;
  while (await isAlive(identity)) {
    if (monotonicMs() > deadline) return false;
    await sleep(50);
  }
  return true;
}
