import { problemTypeOf, ProblemError, type Problem } from '@barback/shared/wire/problem.ts';
import type { Evidence } from './agent-client.ts';

/** A problem that the agent itself reported in a receipt: a fact, unlike silence. */
export class AgentProblem extends ProblemError {
  readonly evidence: Evidence;
  constructor(reported: Problem, evidence: Evidence) {
    const { next, facts } = reported;
    super(problemTypeOf(reported) ?? 'bad-agent-response', reported.detail, {
      ...(next === undefined ? {} : { next }),
      ...(facts === undefined ? {} : { facts }),
    });
    this.name = 'AgentProblem';
    this.evidence = evidence;
  }
}
