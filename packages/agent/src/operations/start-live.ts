import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { startWords } from '../postgres/start-words.ts';
import { monotonicMs } from '../system/clock.ts';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readTail, writeAtomic } from '../system/files.ts';
import { isAlive, processIdentity, type ProcessIdentity } from '../system/process-table.ts';
import { startProgram } from '../system/run-program.ts';
import { requirePlan } from './backup-lease.ts';
import { serverProcess } from './copy-process.ts';
import { execute } from './execute.ts';
import type { Call, Host } from './handler.ts';
import { startLogOf, startProgramOf } from './live-control.ts';
import { liveStatus } from './live-process.ts';
import { scratchPlace } from './scratch-place.ts';

const pollMs = 15;
/** Between the end of the program that forked the server and the server's first sign. */
const appearMs = 1_000;
const wordBytes = 8_000;

export interface Timing {
  readonly deadlineMs: number;
  readonly startedAt: number;
}

/** What is known of a start while it is waited for. */
export interface Start {
  readonly host: Host;
  readonly call: Call;
  readonly timing: Timing;
  /** What the program that starts it says. */
  readonly said: string;
  readonly log: Awaited<ReturnType<typeof startLogOf>>;
}

/**
 * Starts live as the host starts it; unmarked, so that it outlives the job. Its program is not waited for: pg_ctlcluster comes back
 * after sleeps of half a second each, when live has taken sessions for long. Side by side on two busy cores (15): 2.5 to 3.1 s for
 * the program, 0.7 to 1.4 s until live is open; 0.09 to 0.13 s with the cores free.
 */
export async function startLive(
  host: Host,
  timing: Timing,
  call: Call,
): Promise<{ start: Start; pid: ProcessIdentity }> {
  const { records } = scratchPlace(host, requirePlan(call));
  await ensureDirectory(records);
  const said = `${records}/start.log`;
  await writeAtomic(said, '');
  const start: Start = { host, call, timing, said, log: await startLogOf(host) };
  const program = await processIdentity((await startProgram(startProgramOf(host), said)).pid);
  return { start, pid: await firstSign(start, program) };
}

async function firstSign(start: Start, program: ProcessIdentity | undefined): Promise<ProcessIdentity> {
  let overSince: number | undefined;
  for (;;) {
    const found = await serverProcess(start.host.server.postgres.dataDirectory);
    if (found) return found;
    if (!program || !(await isAlive(program))) overSince ??= monotonicMs();
    if (overSince !== undefined && monotonicMs() - overSince > appearMs) throw await didNotStart(start);
    await requireTime(start);
    await sleep(pollMs, undefined, { signal: start.call.signal });
  }
}

/** Returns when it takes connections. */
export async function untilReady(start: Start, pid: ProcessIdentity): Promise<void> {
  for (;;) {
    if (!(await isAlive(pid))) throw await didNotStart(start);
    if ((await liveStatus(start.host)) === 'ready') return;
    await requireTime(start);
    await sleep(pollMs, undefined, { signal: start.call.signal });
  }
}

export async function requireTime(start: Start): Promise<void> {
  const { deadlineMs, startedAt } = start.timing;
  if (monotonicMs() - startedAt <= deadlineMs) return;
  const { line, text } = await wordsOf(start);
  throw new ProblemError(
    'time-limit',
    `live is not open for writing after ${Math.round(deadlineMs / 1000)} s: ${line || 'it says nothing'}`,
    {
      next: 'it goes on by itself, and may still be recovering: look at its log, then let the run try again',
      facts: { log: text, state: (await liveStatus(start.host)) ?? 'no server' },
    },
  );
}

async function didNotStart(start: Start): Promise<ProblemError> {
  const { line, text } = await wordsOf(start);
  return new ProblemError('postgres-failed', `live did not start: ${line || 'it said nothing'}`, {
    next: 'its words are in facts. What lies at the live path is stopped and was not changed by this; correct the cause and let the run try again, or let it put back what was there.',
    facts: { log: text, file: start.log?.file ?? null },
  });
}

/** What was said since the start; the log is read by its owner, who may have put a link there. */
async function wordsOf({ host, call, said, log }: Start): Promise<{ line: string; text: string }> {
  const argv = ['/usr/bin/tail', '-c', `+${(log?.size ?? 0) + 1}`, '--', log?.file ?? '/dev/null'];
  const user = host.server.postgres.user ?? null;
  const own = await execute({ argv, user, timeoutMs: 10_000, outputBytesMax: wordBytes }, call.signal);
  const text = own.stdout.trim() || (await readTail(said, wordBytes)).trim();
  return { line: startWords(text), text };
}
