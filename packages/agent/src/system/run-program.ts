import { spawn, type ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { BoundedTail } from './bounded-tail.ts';
import { monotonicMs } from './clock.ts';
import { killGraceMs, killGroup } from './process-table.ts';
import { effectiveArgv, type Outcome, type Program } from './program.ts';
import { lookUpUser } from './users.ts';

const outputBytesDefault = 4 * 1024 * 1024;

/** How long output may still arrive after a program's end: a daemon it left behind may hold the pipe open for ever. */
const drainMs = 1_000;

let jobMarker: string | undefined;

/** Marks every program that this process runs from now on, so that it is found even when this process is dead. */
export function setJobMarker(opid: string): void {
  jobMarker = opid;
}

/** The whole environment of a program: nothing is inherited. */
export function minimalEnvironment(
  home: string,
  marker: string | undefined,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C',
    LANG: 'C',
    TZ: 'UTC',
    HOME: home,
    PGAPPNAME: 'barback',
    ...(marker === undefined ? {} : { BARBACK_JOB: marker }),
    ...extra,
  };
}

/**
 * Runs a program in its own session to its end and never rejects because of how it ended, only when it cannot be started.
 * The time limit and the signal end its whole process group: TERM, then KILL after `graceMs`.
 */
export async function runProgram(
  program: Program,
  signal?: AbortSignal,
  graceMs: number = killGraceMs,
): Promise<Outcome> {
  const startedAt = monotonicMs();
  if (signal?.aborted) return notStarted();
  const output = program.stdoutFile === undefined ? undefined : await open(program.stdoutFile, 'wx', 0o600);
  try {
    const child = await start(program, jobMarker, [
      program.stdinFd ?? (program.stdin === undefined ? 'ignore' : 'pipe'),
      output?.fd ?? 'pipe',
      'pipe',
    ]);
    const stdout = collect(child.stdout, program);
    const stderr = collect(child.stderr, program);
    feed(child, program.stdin);
    const end = await ended(child, signal, { timeoutMs: program.timeoutMs, graceMs });
    return {
      ...end,
      stdout: stdout.text(),
      stderr: stderr.text(),
      truncated: stdout.truncated || stderr.truncated,
      durationMs: monotonicMs() - startedAt,
    };
  } finally {
    await output?.close();
  }
}

/**
 * Like `runProgram`, but hands standard output over piece by piece instead of keeping it. A sink that returns false has seen
 * enough, one that throws cannot read it: both end the program. Standard input, where there is one, stays open until the program ends.
 */
export async function streamProgram(
  program: Program,
  sink: (chunk: Buffer) => boolean,
  signal: AbortSignal,
): Promise<Outcome & { readonly enough: boolean }> {
  const startedAt = monotonicMs();
  const input = program.stdin === undefined ? 'ignore' : 'pipe';
  const child = await start(program, jobMarker, [input, 'pipe', 'pipe']);
  child.stdin?.on('error', () => undefined);
  child.stdin?.write(program.stdin ?? '');
  const stderr = collect(child.stderr, program);
  const stop = new AbortController();
  // All of it, however long the reader takes: what is cut off would look like the end.
  const drained = new Promise<void>((resolve) => child.stdout?.once('end', resolve));
  let enough = false;
  let fault: { error: unknown } | undefined;
  child.stdout?.on('data', (chunk: Buffer) => {
    if (stop.signal.aborted) return;
    try {
      enough = !sink(chunk);
    } catch (error) {
      fault = { error };
    }
    if (enough || fault) stop.abort();
  });
  const limits = { timeoutMs: program.timeoutMs, graceMs: killGraceMs, drained };
  const end = await ended(child, AbortSignal.any([signal, stop.signal]), limits);
  if (fault) throw fault.error;
  return {
    ...end,
    cancelled: end.cancelled && signal.aborted,
    stdout: '',
    stderr: stderr.text(),
    truncated: stderr.truncated,
    durationMs: monotonicMs() - startedAt,
    enough,
  };
}

/** Starts a server that outlives this process and its job: own session, both output streams appended to a file, unmarked. */
export async function startProgram(program: Program, logFile: string): Promise<{ pid: number }> {
  const log = await open(logFile, 'a', 0o600);
  try {
    const child = await start(program, undefined, ['ignore', log.fd, log.fd]);
    child.unref();
    return { pid: child.pid ?? 0 };
  } finally {
    await log.close();
  }
}

type Stdio = 'ignore' | 'pipe' | number;

async function start(program: Program, marker: string | undefined, stdio: Stdio[]): Promise<ChildProcess> {
  const { home } = await lookUpUser(program.user);
  const [file = '', ...args] = effectiveArgv(program);
  const child = spawn(file, args, {
    detached: true,
    shell: false,
    cwd: program.cwd ?? '/',
    env: minimalEnvironment(home, marker, program.environment),
    stdio,
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error: NodeJS.ErrnoException) => reject(cannotStart(program, error)));
  });
  // Later errors are about signals that came too late.
  child.on('error', () => undefined);
  return child;
}

function cannotStart(program: Program, error: NodeJS.ErrnoException): ProblemError {
  const name = program.argv[0] ?? '(no program)';
  return new ProblemError('internal', `cannot start ${name}: ${error.code ?? error.message}`, {
    next: `check that ${name} exists, is executable, and that ${program.cwd ?? '/'} can be entered`,
  });
}

function collect(stream: NodeJS.ReadableStream | null, program: Program): BoundedTail {
  const tail = new BoundedTail(program.outputBytesMax ?? outputBytesDefault);
  stream?.on('data', (chunk: Buffer) => tail.add(chunk));
  return tail;
}

function feed(child: ChildProcess, input: Program['stdin']): void {
  if (!child.stdin) return;
  // A program may end before it has read everything: that is told by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
}

type End = Pick<Outcome, 'exitCode' | 'signal' | 'timedOut' | 'cancelled'>;

interface Limits {
  readonly timeoutMs: number;
  readonly graceMs: number;
  /** Resolves when all output has been read; without it, output may be cut off a moment after the program's end. */
  readonly drained?: Promise<void>;
}

async function ended(child: ChildProcess, signal: AbortSignal | undefined, limits: Limits): Promise<End> {
  const { timeoutMs, graceMs, drained } = limits;
  let timedOut = false;
  let cancelled = false;
  let killing: Promise<unknown> | undefined;
  const stop = () => (killing ??= killGroup(child.pid ?? 0, graceMs));
  const timer = setTimeout(() => {
    timedOut = true;
    void stop();
  }, timeoutMs);
  const onAbort = () => {
    cancelled = true;
    void stop();
  };
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const [exitCode, exitSignal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('exit', (code, name) => resolve([code, name])),
  );
  clearTimeout(timer);
  signal?.removeEventListener('abort', onAbort);
  await killing;
  // Whatever it has left behind would hold its output open, and nobody would ever see the end of it.
  if (drained) await killGroup(child.pid ?? 0, graceMs);
  await (drained ?? Promise.race([closed, sleep(drainMs, undefined, { ref: false })]));
  child.stdout?.destroy();
  child.stderr?.destroy();
  return { exitCode, signal: exitSignal, timedOut, cancelled };
}

function notStarted(): Outcome {
  const none = { exitCode: null, signal: null, stdout: '', stderr: '', truncated: false };
  return { ...none, timedOut: false, cancelled: true, durationMs: 0 };
}
