import { ProblemError } from '@barback/shared/wire/problem.ts';
import { judgeWaldump, type WaldumpEnd } from '../postgres/waldump-end.ts';
import { streamProgram } from '../system/run-program.ts';

const readMs = 300_000;

/** Runs pg_waldump with its output given to the sink; throws on an end that is not known. */
export async function runWaldump(
  argv: readonly string[],
  segmentBytes: number,
  signal: AbortSignal,
  sink: (chunk: Buffer) => boolean,
): Promise<WaldumpEnd> {
  // PostgreSQL 15 prints the local time of the process.
  const program = { argv, user: null, environment: { TZ: 'UTC' }, timeoutMs: readMs };
  const outcome = await streamProgram(program, sink, signal);
  if (outcome.enough) return { is: 'complete' };
  const ended = judgeWaldump(outcome.exitCode, outcome.stderr, segmentBytes);
  if (ended) return ended;
  const how = outcome.signal ?? (outcome.timedOut ? 'the time limit' : `exit code ${outcome.exitCode}`);
  throw new ProblemError('postgres-failed', `pg_waldump ended by ${how}: ${outcome.stderr.trim().slice(-300)}`, {
    next: 'check that postgres.binDirectory has the version of the data directory',
  });
}
