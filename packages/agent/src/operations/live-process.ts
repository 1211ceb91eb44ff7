import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { parsePostmasterPid } from '../postgres/postmaster-pid.ts';
import { monotonicMs } from '../system/clock.ts';
import { readIfExists } from '../system/files.ts';
import { linkTarget } from '../system/look-at-file.ts';
import {
  commandLine,
  isNumberFree,
  processesIn,
  processIdentity,
  type ProcessIdentity,
} from '../system/process-table.ts';
import { serverProcess } from './copy-process.ts';
import type { Host } from './handler.ts';

/** What runs at the live path; refuses where something runs that is not proven to be live. */
export async function liveProcess(host: Host): Promise<ProcessIdentity | undefined> {
  const { dataDirectory } = host.server.postgres;
  const running = await serverProcess(dataDirectory);
  if (running) return running;
  const named = await namedProcess(dataDirectory);
  if (!named || (await programOf(named)) !== 'postgres') return undefined;
  // It may have been live until just now: only one that is still there is somebody else's.
  if (!(await processIdentity(named))) return undefined;
  const place = await linkTarget(`/proc/${named}/cwd`);
  throw new ProblemError(
    'location-unsafe',
    `postmaster.pid in ${dataDirectory} names the server ${named}, which works in ${place ?? 'a directory that cannot be read'}`,
    {
      next: 'nothing was stopped: the directory of a running server was replaced by another one, or its postmaster.pid was copied. Find out which of both is live.',
      facts: { pid: named, place: place ?? null },
    },
  );
}

/** The word that the server last wrote of itself: `starting`, `ready`, `standby`, `stopping` (pidfile.h, 10–18). */
export async function liveStatus(host: Host): Promise<string | null> {
  const text = await readPid(host.server.postgres.dataDirectory);
  return text === undefined ? null : (parsePostmasterPid(text)?.status ?? null);
}

export interface LiveWorker {
  readonly pid: number;
  readonly title: string;
}

/** Processes of PostgreSQL that work in live's directory, its children included when it is dead itself. */
export async function liveWorkers(host: Host): Promise<LiveWorker[]> {
  const workers: LiveWorker[] = [];
  for (const pid of await processesIn(host.server.postgres.dataDirectory)) {
    if ((await programOf(pid)) !== 'postgres') continue;
    workers.push({ pid, title: ((await commandLine(pid)) ?? []).join(' ').trim() });
  }
  return workers;
}

const buriedMs = 5_000;

/**
 * Waits until a server that died has given its number back: a start takes the one in its lock files for a running server while the
 * kernel knows it (15, miscinit.c, CreateLockFile, kill with signal 0).
 */
export async function untilBuried(host: Host): Promise<void> {
  const named = await namedProcess(host.server.postgres.dataDirectory);
  if (named === undefined || (await processIdentity(named))) return;
  const deadline = monotonicMs() + buriedMs;
  while (!(await isNumberFree(named)) && monotonicMs() < deadline) await sleep(20);
}

async function namedProcess(dataDirectory: string): Promise<number | undefined> {
  const text = await readPid(dataDirectory);
  return text === undefined ? undefined : parsePostmasterPid(text)?.pid;
}

async function readPid(dataDirectory: string): Promise<string | undefined> {
  return readIfExists(path.join(dataDirectory, 'postmaster.pid')).catch(() => undefined);
}

async function programOf(pid: number): Promise<string> {
  return path.basename((await linkTarget(`/proc/${pid}/exe`))?.replace(/ \(deleted\)$/, '') ?? '');
}
