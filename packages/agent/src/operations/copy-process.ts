import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { parsePostmasterPid } from '../postgres/postmaster-pid.ts';
import { monotonicMs } from '../system/clock.ts';
import { readIfExists } from '../system/files.ts';
import { isSameFile, linkTarget } from '../system/look-at-file.ts';
import { isAlive, processIdentity, type ProcessIdentity } from '../system/process-table.ts';
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

/** Stops the copy: fast, then immediate, then KILL; each signal goes only to the process that is proven to be the copy. */
export async function stopCopy(place: ScratchPlace): Promise<boolean> {
  const identity = await copyProcess(place);
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
  throw new ProblemError(
    'postgres-failed',
    `cannot stop the copy of plan ${place.plan}: process ${identity.pid} stays`,
    {
      next: 'it is probably waiting for its disk: look at the host',
    },
  );
}

async function endsWithin(identity: ProcessIdentity, waitMs: number): Promise<boolean> {
  const deadline = monotonicMs() + waitMs;
  while (await isAlive(identity)) {
    if (monotonicMs() > deadline) return false;
    await sleep(50);
  }
  return true;
}
