import { problem, ProblemError, problemTypeOf, type Problem } from '@barback/shared/wire/problem.ts';

/** What went wrong as a problem; an error that nobody foresaw becomes `internal` with its message. */
export function problemOfError(error: unknown, doing: string): Problem {
  if (error instanceof ProblemError) return error.problem;
  const message = error instanceof Error ? error.message : String(error);
  return problem('internal', `cannot ${doing}: ${message.slice(0, 2000)}`, {
    next: "look at the agent's log; please report this with the job's log",
  });
}

/** The error that carries a problem which a pure decision has made. */
export function errorOfProblem(found: Problem): ProblemError {
  return new ProblemError(problemTypeOf(found) ?? 'internal', found.detail, found);
}
