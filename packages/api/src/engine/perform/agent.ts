import { operations, type JobOpName, type OpName, type OpNameOf } from '@barback/shared/operations/index.ts';
import type { JobView } from '@barback/shared/wire/job.ts';
import { problem, problemTypeOf, ProblemError, type Problem } from '@barback/shared/wire/problem.ts';
import type { AgentClient, CallContext, Evidence } from '../../agents/agent-client.ts';
import { AgentProblem } from '../../agents/agent-problem.ts';
import type { AgentAction } from '../../scenarios/step.ts';
import { actionOf, classOf } from '../action-of.ts';
import type { AttemptOutcome } from '../decide.ts';
import type { EngineDeps } from '../engine-deps.ts';
import type { Run, StoredAttempt } from '../load-run.ts';
import { recordAccepted, recordOutcome, recordProgress } from '../record.ts';
import { isTransient } from '../transient.ts';

/** The longest that the agent may hold an answer back while nothing happens. */
const pollMs = 15_000;

/** One look at, or try of, an attempt that an agent carries out. */
interface Attending {
  readonly deps: EngineDeps;
  readonly run: Run;
  readonly attempt: StoredAttempt;
  readonly action: AgentAction;
  readonly agent: AgentClient;
  readonly context: CallContext;
}

/**
 * Brings an attempt of an agent's operation one answer further. `fresh`: its intent was recorded just now, so nothing was sent.
 * Throws ProblemError when the agent says nothing that counts: the attempt then stays as it is.
 */
export async function attendAgent(
  deps: EngineDeps,
  run: Run,
  attempt: StoredAttempt,
  how: { fresh: boolean; signal: AbortSignal },
): Promise<void> {
  const { name, action } = actionOf(run.plan, attempt.step, attempt.direction);
  if (action.on !== 'agent') throw new Error(`cannot ask an agent for step ${name}`);
  const context: CallContext = {
    sub: `engine:${run.row.startedBy}`,
    plan: run.row.plan,
    run: run.row.id,
    step: name,
    attempt: attempt.number,
    fence: classOf(action) === 'R' ? null : run.row.fence,
    opid: attempt.opid,
    signal: how.signal,
  };
  const attending = { deps, run, attempt, action, agent: deps.agents.client(run.row.server), context };
  if (classOf(action) === 'R') return read(attending);
  if (attempt.outcome?.is === 'unknown') return observe(attending);
  if (how.fresh) return submit(attending);
  return follow(attending);
}

/** A read has no effect, so an answer that never came is the same as a read that never was. */
async function read({ deps, run, attempt, action, agent, context }: Attending): Promise<void> {
  try {
    const { result, evidence } = await agent.call(action.op as OpNameOf<'R'>, action.params, context);
    recordOutcome(deps, run, { attempt, outcome: { is: 'succeeded', result }, evidence });
  } catch (error) {
    if (!(error instanceof ProblemError) || context.signal?.aborted === true) throw error;
    const evidence = error instanceof AgentProblem ? error.evidence : null;
    const is = isTransient(error.problem) ? 'absent' : 'failed';
    recordOutcome(deps, run, { attempt, outcome: { is, problem: error.problem }, evidence });
  }
}

async function submit(attending: Attending): Promise<void> {
  const { deps, run, attempt, action, agent, context } = attending;
  try {
    const { job, evidence } = await agent.submit(attempt.opid, action.op as JobOpName, action.params, context);
    settle(attending, job, evidence);
  } catch (error) {
    if (!(error instanceof AgentProblem) || isTransient(error.problem)) throw error;
    const outcome: AttemptOutcome = { is: 'failed', problem: error.problem };
    recordOutcome(deps, run, { attempt, outcome, evidence: error.evidence });
  }
}

/** Asks for the job by its opid; one that the agent has never seen is sent, with the same opid. */
async function follow(attending: Attending): Promise<void> {
  const { deps, run, attempt, agent, context } = attending;
  const cancel = run.row.cancelRequestedAt !== null && attempt.direction === 'forward';
  try {
    if (cancel) {
      const { job, evidence } = await agent.jobCancel(attempt.opid, context);
      if (isEnded(job)) return settle(attending, job, evidence);
    }
    const wait = { waitMs: cancel ? 1_000 : pollMs, progressAt: attempt.progress?.at ?? null };
    const { job, evidence } = await agent.jobStatus(attempt.opid, wait, context);
    settle(attending, job, evidence);
  } catch (error) {
    if (!(error instanceof AgentProblem) || problemTypeOf(error.problem) !== 'no-such-job') throw error;
    if (attempt.accepted) return forgotten(attending, error);
    if (!cancel) return submit(attending);
    recordOutcome(deps, run, { attempt, outcome: { is: 'cancelled' }, evidence: error.evidence });
  }
}

/** The agent had the job and has lost its record: what it did is unknown, and sending it again could do it twice. */
function forgotten({ deps, run, attempt, action }: Attending, error: AgentProblem): void {
  const outcome: AttemptOutcome = { is: 'unknown', problem: lost(action.op, attempt.opid) };
  recordOutcome(deps, run, { attempt, outcome, evidence: error.evidence });
}

function isEnded(job: JobView): boolean {
  return job.state !== 'accepted' && job.state !== 'running';
}

function settle({ deps, run, attempt, action }: Attending, job: JobView, evidence: Evidence): void {
  if (isEnded(job)) {
    recordOutcome(deps, run, { attempt, outcome: outcomeOf(action.op, job), evidence });
    return;
  }
  if (!attempt.accepted) recordAccepted(deps, attempt, evidence);
  if (job.progress !== null && job.progress.at !== attempt.progress?.at) {
    recordProgress(deps, attempt, job.progress);
  }
}

function outcomeOf(op: OpName, job: JobView): AttemptOutcome {
  switch (job.state) {
    case 'succeeded':
      return succeeded(op, job.result);
    case 'failed':
      return { is: 'failed', problem: job.problem ?? problem('internal', `job ${job.opid} failed without a reason`) };
    case 'cancelled':
      return { is: 'cancelled' };
    case 'lost':
      return { is: 'unknown', problem: job.problem ?? lost(op, job.opid) };
    case 'accepted':
    case 'running':
      throw new Error(`cannot settle job ${job.opid}: it is ${job.state}`);
  }
}

/** A result that does not fit the contract is a defect of one side: the work is done, but nothing may be built on it. */
function succeeded(op: OpName, result: unknown): AttemptOutcome {
  const parsed = operations[op].result.safeParse(result);
  if (parsed.success) return { is: 'succeeded', result: parsed.data as never };
  const where = parsed.error.issues[0];
  return {
    is: 'failed',
    problem: problem(
      'bad-agent-response',
      `the result of ${op} does not fit its contract at ${where?.path.join('.') ?? ''}: ${where?.message ?? ''}`,
      { next: 'Update the agent and the api to the same version.' },
    ),
  };
}

function lost(op: string, opid: string): Problem {
  return problem('job-lost', `${op} (job ${opid}) ended without a result: it was killed, or its host was restarted`);
}

/** Classifies an attempt with unknown outcome by what the agent finds in the world. */
async function observe({ deps, run, attempt, action, agent, context }: Attending): Promise<void> {
  const known = attempt.outcome?.is === 'unknown' ? attempt.outcome.problem : lost(action.op, attempt.opid);
  const { seen, evidence } = await look(agent, attempt.opid, context);
  const outcome: AttemptOutcome =
    seen.is === 'complete'
      ? succeeded(action.op, seen.result)
      : seen.is === 'absent'
        ? { is: 'absent', problem: known }
        : { is: 'partial', problem: known, facts: seen.facts };
  recordOutcome(deps, run, { attempt, outcome, evidence, observed: true });
}

/** An agent that says for good that it cannot tell leaves everything possible: that is treated like half done. */
async function look(agent: AgentClient, opid: string, context: CallContext) {
  try {
    const { result, evidence } = await agent.jobObserve(opid, context);
    return { seen: result, evidence };
  } catch (error) {
    if (!(error instanceof AgentProblem) || isTransient(error.problem)) throw error;
    const { detail, type } = error.problem;
    return {
      seen: { is: 'partial' as const, result: null, facts: { cannotTell: detail, type } },
      evidence: error.evidence,
    };
  }
}
