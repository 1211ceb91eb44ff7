import { problemTypeOf, type Problem, type ProblemType } from '@barback/shared/wire/problem.ts';

/** What passes by itself and says nothing about the operation: ask again later. */
const transientTypes: ReadonlySet<ProblemType> = new Set([
  'agent-unreachable',
  'agent-unavailable',
  'bad-agent-response',
  'clock-skew',
  'epoch-mismatch',
  'invalid-token',
  'token-replayed',
  'rate-limited',
  'internal',
] as const);

export function isTransient(problem: Problem): boolean {
  const type = problemTypeOf(problem);
  return type !== undefined && transientTypes.has(type);
}
