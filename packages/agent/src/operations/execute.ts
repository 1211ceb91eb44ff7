import { ProblemError, type ProblemType } from '@barback/shared/wire/problem.ts';
import type { Outcome, Program } from '../system/program.ts';
import { runProgram } from '../system/run-program.ts';

/** Runs a program; a cancel or the time limit becomes its problem, every other end is the caller's to judge. */
export async function execute(program: Program, signal: AbortSignal): Promise<Outcome> {
  const outcome = await runProgram(program, signal);
  const name = programName(program);
  if (outcome.cancelled) throw abortReason(signal);
  if (outcome.timedOut) {
    throw new ProblemError('time-limit', `${name} did not end within ${Math.round(program.timeoutMs / 1000)} s`, {
      next: 'look at the load of the host and try again',
    });
  }
  return outcome;
}

/** Runs a program that must end with exit code 0. */
export async function executeOk(program: Program, signal: AbortSignal, type: ProblemType): Promise<Outcome> {
  const outcome = await execute(program, signal);
  if (outcome.exitCode !== 0) throw failure(program, outcome, type);
  return outcome;
}

/** The problem of a program that ended otherwise than expected, with its last words. */
export function failure(program: Program, outcome: Outcome, type: ProblemType): ProblemError {
  const how = outcome.signal ? `was ended by ${outcome.signal}` : `ended with exit code ${outcome.exitCode}`;
  const words = (outcome.stderr.trim() || outcome.stdout.trim()).slice(-500);
  return new ProblemError(type, `${programName(program)} ${how}${words ? `: ${words}` : ''}`, {
    facts: { program: programName(program), exitCode: outcome.exitCode, signal: outcome.signal },
  });
}

/** Why a signal was aborted: the problem given as its reason, otherwise a cancel. */
export function abortReason(signal: AbortSignal): ProblemError {
  if (signal.reason instanceof ProblemError) return signal.reason;
  return new ProblemError('cancelled', 'cancelled while it ran');
}

function programName(program: Program): string {
  const words = program.argv[0]?.split('/') ?? [];
  return words.at(-1) ?? 'the program';
}
