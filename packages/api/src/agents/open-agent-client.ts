import { randomBytes } from 'node:crypto';
import {
  controls,
  type ControlName,
  type ControlParams,
  type ControlResult,
} from '@barback/shared/operations/controls.ts';
import { operations, type OpName, type OpNameOf, type Result } from '@barback/shared/operations/index.ts';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { jobViewSchema } from '@barback/shared/wire/job.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { signJws, type SigningKey } from '@barback/shared/wire/jws.ts';
import { problemTypeOf, ProblemError } from '@barback/shared/wire/problem.ts';
import type { ReceiptClaims } from '@barback/shared/wire/receipt.ts';
import { tokenLifetimeMaxSeconds, tokenType, unknownEpoch, type TokenClaims } from '@barback/shared/wire/token.ts';
import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { AgentClient, CallContext, Evidence, JobAnswer } from './agent-client.ts';
import { AgentProblem } from './agent-problem.ts';
import type { AgentTransport } from './agent-transport.ts';
import { verifyReceipt, type Pinned } from './verify-receipt.ts';

export interface AgentIdentity {
  readonly server: string;
  readonly transport: AgentTransport;
  /** The enrolled key, imported once. */
  pinned(): Promise<Pinned>;
  readonly signingKey: SigningKey;
  readonly clock: Clock;
  /** Something that the audit log must know about this agent. */
  report(type: 'agent.clock-offset' | 'agent.receipt-refused', data: Json, context: CallContext): void;
}

interface Question {
  readonly op: OpName | ControlName;
  readonly params: unknown;
  readonly timeoutMs: number;
  readonly context: CallContext;
}

const answerGraceMs = 10_000;
/** Microseconds by which the known offset may move without a word. */
const maxClockDifferenceReported = 1_000_000;

/** Speaks the signed protocol with one agent; knows its epoch and how far its clock is off. */
export function openAgentClient(agent: AgentIdentity): AgentClient {
  const ask = exchangeWith(agent);
  const control = async <N extends ControlName>(
    op: N,
    params: ControlParams<N>,
    context: CallContext,
    timeoutMs: number,
  ) => {
    // A control has an id of its own: the attempt's opid names the job that it asks about.
    const own = { ...context, opid: newOpid(agent) };
    const { result, evidence } = await ask({ op, params, context: own, timeoutMs });
    return {
      result: readAnswer(controls[op].result as z.ZodType as z.ZodType<ControlResult<N>>, result, op),
      evidence,
    };
  };
  const job = async (answer: Promise<{ result: unknown; evidence: Evidence }>, opid: string): Promise<JobAnswer> => {
    const { result, evidence } = await answer;
    const view = readAnswer(jobViewSchema, result, 'job');
    if (view.opid !== opid) throw new ProblemError('bad-agent-response', `the agent answered about job ${view.opid}`);
    return { job: view, evidence };
  };
  return {
    server: agent.server,
    async call<N extends OpNameOf<'R'>>(op: N, params: unknown, context: CallContext) {
      const contract = operations[op];
      const { result, evidence } = await ask({ op, params, context, timeoutMs: contract.limitMs + answerGraceMs });
      return { result: readAnswer(contract.result as z.ZodType as z.ZodType<Result<N>>, result, op), evidence };
    },
    submit: (opid, op, params, context) =>
      job(ask({ op, params, context: { ...context, opid }, timeoutMs: answerGraceMs * 2 }), opid),
    jobStatus: (opid, wait, context) =>
      job(control('job-status', { opid, ...wait }, context, wait.waitMs + answerGraceMs), opid),
    jobCancel: (opid, context) => job(control('job-cancel', { opid }, context, answerGraceMs * 3), opid),
    jobObserve: (opid, context) => control('job-observe', { opid }, context, answerGraceMs * 12),
    claim: (plan, expect, context) =>
      control('server-claim', { server: agent.server, plan, expect }, context, answerGraceMs * 2),
    close: () => agent.transport.close(),
  };
}

function readAnswer<T>(schema: z.ZodType<T>, value: unknown, op: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ProblemError(
    'bad-agent-response',
    `the signed answer to ${op} does not fit its contract at ${issue?.path.join('.') || 'the top'}: ${issue?.message ?? ''}`,
    { next: 'Update the agent and the api to the same version.' },
  );
}

/** One question, one verified answer; a stale epoch or a skewed clock is corrected and asked again, once each. */
function exchangeWith(agent: AgentIdentity): (question: Question) => Promise<{ result: unknown; evidence: Evidence }> {
  let epoch = unknownEpoch;
  let offset = 0;
  let refused = '';
  return async (question) => {
    const corrected = new Set<string>();
    const opid = question.context.opid ?? newOpid(agent);
    for (;;) {
      const { token, claims: asked } = await signToken(agent, { ...question, opid }, epoch, agent.clock.now() + offset);
      const { status, body } = await agent.transport.post(token, question.timeoutMs, question.context.signal);
      const verified = await verifyReceipt(body, { token, ...asked }, await agent.pinned());
      if (!verified.ok) {
        const why = { status, reason: verified.reason, known: refused === verified.reason };
        if (!isBusy(status)) refused = verified.reason;
        throw refuse(agent, question, asked.opid, why);
      }
      refused = '';
      epoch = verified.claims.epoch;
      const type = correctable(verified.claims);
      if (type !== undefined && !corrected.has(type)) {
        corrected.add(type);
        if (type === 'clock-skew') {
          offset = learnOffset(agent, question.context, offset, verified.claims.time);
        }
        continue;
      }
      return unwrap(verified.claims, { request: token, receipt: body });
    }
  };
}

function correctable(claims: ReceiptClaims): 'clock-skew' | 'epoch-mismatch' | undefined {
  if (claims.answer.kind !== 'problem') return undefined;
  const type = problemTypeOf(claims.answer.problem);
  return type === 'clock-skew' || type === 'epoch-mismatch' ? type : undefined;
}

function learnOffset(agent: AgentIdentity, context: CallContext, known: number, agentTime: number): number {
  const offset = agentTime - agent.clock.now();
  if (Math.abs(offset - known) > maxClockDifferenceReported) {
    const data = { offsetMicros: offset, agentTime: formatInstant(agentTime) };
    agent.report('agent.clock-offset', data, context);
  }
  return offset;
}

function newOpid(agent: AgentIdentity): string {
  return newId(Math.floor(agent.clock.now() / 1000));
}

async function signToken(agent: AgentIdentity, question: Question & { opid: string }, epoch: string, now: number) {
  const { context } = question;
  const { instanceId, agentId } = await agent.pinned();
  const iat = Math.floor(now / 1_000_000);
  const claims: TokenClaims = {
    iss: instanceId,
    aud: agentId,
    sub: context.sub,
    iat,
    exp: iat + tokenLifetimeMaxSeconds,
    jti: randomBytes(16).toString('base64url'),
    epoch,
    op: question.op,
    opid: question.opid,
    params: question.params as Json,
    plan: context.plan ?? null,
    step: context.step ?? null,
    attempt: context.attempt ?? null,
    fence: context.fence ?? null,
  };
  return { token: await signJws(claims, tokenType, agent.signingKey), claims };
}

/** An answer that nobody vouches for means that the outcome is unknown, and that somebody may be in between. */
function refuse(
  agent: AgentIdentity,
  question: Question,
  opid: string,
  why: { status: number; reason: string; known: boolean },
): ProblemError {
  const { status, reason } = why;
  if (isBusy(status)) {
    return new ProblemError(
      'agent-unreachable',
      `the gateway of ${agent.server} answered ${status} without a receipt`,
      {
        next: 'Look whether the executor runs on the host.',
        facts: { server: agent.server, status },
      },
    );
  }
  // Asked again every few seconds, one reason is one event.
  if (!why.known) agent.report('agent.receipt-refused', { op: question.op, opid, status, reason }, question.context);
  return new ProblemError(
    'bad-agent-response',
    `the answer of ${agent.server} (status ${status}) is refused: ${reason}`,
    {
      next: 'Compare the agent id, the agent key and the certificate with the enrolment on the host, and this api with its "apis".',
      facts: { server: agent.server, op: question.op, status },
    },
  );
}

/** The gateway speaks for itself: it has no executor, or too much to do. */
function isBusy(status: number): boolean {
  return status === 429 || (status >= 502 && status <= 504);
}

function unwrap({ answer }: ReceiptClaims, evidence: Evidence): { result: unknown; evidence: Evidence } {
  if (answer.kind === 'problem') throw new AgentProblem(answer.problem, evidence);
  return { result: answer.kind === 'job' ? answer.job : answer.result, evidence };
}
