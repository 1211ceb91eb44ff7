import type { Json } from '@barback/shared/wire/json.ts';
import type { Answer } from '@barback/shared/wire/receipt.ts';
import type { TokenClaims } from '@barback/shared/wire/token.ts';
import { problemOfError } from '../problem-of-error.ts';
import { hostOf } from '../registry.ts';
import { acceptJob } from './accept-job.ts';
import type { AdmittedRequest } from './admit.ts';
import { answerControl } from './answer-control.ts';
import { limited, tooBusy } from './limited.ts';
import type { Asked, Parts } from './parts.ts';

/** An answer still to be signed, or a receipt that was signed when its job was accepted. */
export type Reply =
  /** `refused`: not permitted, rather than tried and failed; it goes to the record of refusals. */
  { readonly answer: Answer; readonly refused: boolean } | { readonly receipt: string };

/** Carries out an admitted request: reads and controls at once, the others as jobs. Never rejects. */
export async function answerRequest(
  parts: Parts,
  request: AdmittedRequest,
  claims: TokenClaims,
  asked: Asked,
): Promise<Reply> {
  try {
    if (request.kind === 'job') return await answerJob(parts, request.serverName, claims, asked);
    const result =
      request.kind === 'control'
        ? await answerControl(parts, request.name, request.params, asked)
        : await read(parts, request, claims, asked);
    return { answer: { kind: 'result', result }, refused: false };
  } catch (error) {
    const problem = problemOfError(error, `carry out ${claims.op}`);
    return { answer: { kind: 'problem', problem }, refused: request.kind !== 'read' && problem.status < 500 };
  }
}

async function answerJob(parts: Parts, serverName: string, claims: TokenClaims, asked: Asked): Promise<Reply> {
  const accepted = await acceptJob(parts, serverName, claims, asked);
  if ('receipt' in accepted) return accepted;
  if ('job' in accepted) return { answer: { kind: 'job', job: accepted.job }, refused: false };
  return { answer: { kind: 'problem', problem: accepted.problem }, refused: true };
}

async function read(
  parts: Parts,
  request: Extract<AdmittedRequest, { kind: 'read' | 'job' }>,
  claims: TokenClaims,
  asked: Asked,
): Promise<Json> {
  const operation = parts.registry.operations.get(request.name);
  if (!operation) throw new Error(`the operation ${request.name} was admitted but is not registered`);
  const { contract, handler } = operation;
  const host = hostOf(parts.config, request.serverName);
  const what = { op: request.name, opid: claims.opid, plan: claims.plan, limitMs: contract.limitMs };
  const done = await parts.reads.run(() =>
    limited({ ...what, signal: asked.signal }, (call) => handler.perform(host, request.params, call)),
  );
  if (!done) throw tooBusy();
  return contract.result.parse(done.value) as Json;
}
