import { patient } from '../lab/patience.ts';
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:https';
import { newId } from '@barback/shared/wire/identifiers.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { sha256Hex, signJws, verifyJws } from '@barback/shared/wire/jws.ts';
import { importSigningKey } from '@barback/shared/wire/keys.ts';
import type { JobView } from '@barback/shared/wire/job.ts';
import type { Problem } from '@barback/shared/wire/problem.ts';
import { receiptClaimsSchema, receiptType, type ReceiptClaims } from '@barback/shared/wire/receipt.ts';
import { tokenType, unknownEpoch, type TokenClaims } from '@barback/shared/wire/token.ts';
import type { AgentProcess } from './agent-process.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** A minimal client: signs tokens, posts them over pinned TLS, verifies receipts. */
export class AgentClient {
  readonly #agent: AgentProcess;
  readonly #connections: Agent;
  epoch = unknownEpoch;

  constructor(agent: AgentProcess) {
    this.#agent = agent;
    this.#connections = new Agent({ ca: agent.certificate, keepAlive: true, minVersion: 'TLSv1.3' });
  }

  close(): void {
    this.#connections.destroy();
  }

  claims(op: string, params: Json, more: Partial<TokenClaims> = {}): TokenClaims {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.#agent.apiId,
      aud: this.#agent.agentId,
      sub: 'test',
      iat: now,
      exp: now + 30,
      jti: randomBytes(16).toString('base64url'),
      epoch: this.epoch,
      op,
      opid: newId(Date.now()),
      params,
      plan: null,
      step: null,
      attempt: null,
      fence: null,
      ...more,
    };
  }

  async token(claims: unknown): Promise<string> {
    return signJws(claims, tokenType, await importSigningKey(this.#agent.apiKey));
  }

  async post(
    body: string,
    more: { path?: string; method?: string; headers?: Record<string, string> } = {},
  ): Promise<HttpAnswer> {
    const url = new URL(more.path ?? '/v1/op', this.#agent.url);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        url,
        {
          agent: this.#connections,
          method: more.method ?? 'POST',
          headers: { 'content-type': 'application/jose', 'content-length': Buffer.byteLength(body), ...more.headers },
        },
        (incoming) => {
          let text = '';
          incoming.setEncoding('utf8');
          incoming.on('data', (chunk: string) => (text += chunk));
          incoming.on('error', reject);
          incoming.on('end', () =>
            resolve({
              status: incoming.statusCode ?? 0,
              contentType: incoming.headers['content-type'] ?? '',
              body: text,
            }),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** The verified receipt of a token; fails when the answer is not one. */
  async send(token: string): Promise<ReceiptClaims> {
    const answer = await this.post(token);
    if (answer.status !== 200) throw new Error(`the agent answered ${answer.status}: ${answer.body}`);
    const verified = await verifyJws(answer.body, receiptType, this.#agent.agentKeys);
    if (!verified) throw new Error('the answer is not a receipt of the agent');
    const receipt = receiptClaimsSchema.parse(verified.payload);
    if (receipt.reqh !== sha256Hex(token)) throw new Error('the receipt is for another request');
    this.epoch = receipt.epoch;
    return receipt;
  }

  /** Signs and sends; once more when the agent has restarted since the last receipt. */
  async call(op: string, params: Json, more: Partial<TokenClaims> = {}): Promise<ReceiptClaims> {
    const receipt = await this.send(await this.token(this.claims(op, params, more)));
    const { answer } = receipt;
    if (answer.kind !== 'problem' || !answer.problem.type.endsWith(':epoch-mismatch')) return receipt;
    return this.send(await this.token(this.claims(op, params, more)));
  }

  async result(op: string, params: Json, more: Partial<TokenClaims> = {}): Promise<Json> {
    const { answer } = await this.call(op, params, more);
    if (answer.kind !== 'result') throw new Error(`${op} was answered by ${JSON.stringify(answer)}`);
    return answer.result;
  }

  async problem(op: string, params: Json, more: Partial<TokenClaims> = {}): Promise<Problem> {
    const { answer } = await this.call(op, params, more);
    if (answer.kind !== 'problem') throw new Error(`${op} was answered by ${JSON.stringify(answer)}`);
    return answer.problem;
  }

  async job(op: string, params: Json, more: Partial<TokenClaims>): Promise<JobView> {
    const { answer } = await this.call(op, params, more);
    if (answer.kind !== 'job') throw new Error(`${op} was answered by ${JSON.stringify(answer)}`);
    return answer.job;
  }

  async status(opid: string, waitMs = 0): Promise<JobView> {
    return (await this.result('job-status', { opid, waitMs, progressAt: null })) as unknown as JobView;
  }

  /** The job once it has ended. */
  async ended(opid: string, withinMs = 30_000): Promise<JobView> {
    const deadline = Date.now() + patient(withinMs);
    for (;;) {
      const view = (await this.result('job-status', {
        opid,
        waitMs: 1_000,
        progressAt: Date.now() * 1000 + 3_600_000_000,
      })) as unknown as JobView;
      if (view.state !== 'accepted' && view.state !== 'running') return view;
      if (Date.now() > deadline) throw new Error(`job ${opid} has not ended: ${JSON.stringify(view)}`);
    }
  }
}
