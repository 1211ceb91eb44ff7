import { problem, problemTypes, ProblemError, type Problem } from '@barback/shared/wire/problem.ts';
import { renderProblem } from '../render/render-problem.ts';
import type { Representation } from './negotiate.ts';

/** RFC 9457, or the same as text for a person. */
export function problemResponse(
  value: Problem,
  as: Representation,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const all = new Headers(headers);
  if (value.status === problemTypes['invalid-token'].status) all.set('www-authenticate', 'Bearer realm="barback"');
  all.set('content-type', as === 'text' ? 'text/plain; charset=utf-8' : 'application/problem+json');
  return new Response(as === 'text' ? renderProblem(value) : JSON.stringify(value), {
    status: value.status,
    headers: all,
  });
}

/** The problem of anything that was thrown; a defect is described to the log only. */
export function problemOf(error: unknown, onDefect: (error: unknown) => void): Problem {
  if (error instanceof ProblemError) return error.problem;
  onDefect(error);
  return problem('internal', 'Barback could not answer because of a defect in itself', {
    next: 'Nothing was changed by this request unless a run shows it. The log of the api has the details under this instance.',
  });
}
